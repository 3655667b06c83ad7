#include "engine/api/openai_reply.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/base/utf8.h"

namespace larder::api {
namespace {

double perSecond(std::size_t tokens, double ms) {
    return ms > 0 ? std::round(static_cast<double>(tokens) / ms * 1e6) / 1e3 : 0;
}

double roundedMs(double ms) {
    return std::round(ms * 1e3) / 1e3;
}

base::Json logprobEntry(const text::Tokenizer& tokenizer, const TokenLogprob& entry) {
    base::Json result;
    result["id"] = entry.token;
    result["token"] = tokenText(tokenizer, entry.token);
    result["logprob"] = exactNumber(entry.logprob);
    base::Json& bytes = result["bytes"];
    if (tokenizer.isControl(entry.token)) return result;  // null: it stands for no bytes
    bytes = base::Json::array();
    for (const char byte : tokenizer.bytes(entry.token)) bytes.push_back(static_cast<unsigned char>(byte));
    return result;
}

}  // namespace

base::Json exactNumber(float value) {
    if (!std::isfinite(value)) return nullptr;
    char text[32];
    const auto written = std::to_chars(text, text + sizeof text, value);
    double nearest = 0;
    std::from_chars(text, written.ptr, nearest);
    return nearest;
}

const char* finishReasonName(FinishReason reason) {
    return reason == FinishReason::Stop ? "stop" : "length";
}

base::Json usageJson(const OutputFinished& finished) {
    base::Json usage;
    usage["prompt_tokens"] = finished.promptTokens;
    usage["completion_tokens"] = finished.completionTokens;
    usage["total_tokens"] = finished.promptTokens + finished.completionTokens;
    usage["prompt_tokens_details"]["cached_tokens"] = finished.cachedTokens;
    return usage;
}

std::size_t reasoningTokens(const text::Tokenizer* tokenizer, const std::string& reasoning, const OutputFinished& finished) {
    if (tokenizer == nullptr || reasoning.empty()) return 0;
    return std::min(tokenizer->encode(reasoning).size(), finished.completionTokens);
}

base::Json timingsJson(const OutputFinished& finished) {
    const GenerationTimings& times = finished.timings;
    const std::size_t computed = finished.promptTokens - std::min(finished.cachedTokens, finished.promptTokens);
    const std::size_t decoded = finished.completionTokens > 0 ? finished.completionTokens - 1 : 0;
    base::Json timings;
    timings["load_ms"] = roundedMs(times.loadMs);
    timings["queue_ms"] = roundedMs(times.queueMs);
    timings["prefill_ms"] = roundedMs(times.prefillMs);
    timings["decode_ms"] = roundedMs(times.decodeMs);
    timings["cached_tokens"] = finished.cachedTokens;
    timings["followed_tokens"] = finished.followedTokens;
    timings["loaded_tokens"] = finished.loadedTokens;
    timings["computed_tokens"] = computed;
    timings["prompt_per_second"] = perSecond(computed, times.prefillMs);
    timings["predicted_per_second"] = perSecond(decoded, times.decodeMs);
    return timings;
}

std::string tokenText(const text::Tokenizer& tokenizer, TokenId token) {
    return base::repairUtf8(tokenizer.isControl(token) ? tokenizer.text(token) : tokenizer.bytes(token));
}

base::Json chatLogprobsJson(const text::Tokenizer& tokenizer, const std::vector<PositionLogprobs>& positions) {
    base::Json content = base::Json::array();
    for (const PositionLogprobs& position : positions) {
        base::Json entry = logprobEntry(tokenizer, position.chosen);
        base::Json& top = entry["top_logprobs"] = base::Json::array();
        for (const TokenLogprob& candidate : position.top) top.push_back(logprobEntry(tokenizer, candidate));
        content.push_back(std::move(entry));
    }
    return content;
}

}  // namespace larder::api
