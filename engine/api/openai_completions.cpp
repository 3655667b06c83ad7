#include "engine/api/openai_completions.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

#include "engine/api/error_reply.h"
#include "engine/api/openai_reply.h"
#include "engine/api/sampling_fields.h"
#include "engine/api/sse.h"

namespace larder::api {
namespace {

constexpr std::size_t kDefaultMaxTokens = 16;  // as OpenAI's

void readPromptIds(RequestFields& fields, const base::Json& ids, ChatRequest& request) {
    request.promptIds.reserve(ids.size());
    for (const base::Json& id : ids) {
        const bool fits = id.is_number_integer() && id.get<std::int64_t>() >= 0 &&
                          id.get<std::int64_t>() <= std::numeric_limits<TokenId>::max();
        if (!fits)
            return fields.complain("prompt", "must have only token ids in its array, but has " + describeJson(id));
        request.promptIds.push_back(static_cast<TokenId>(id.get<std::int64_t>()));
    }
}

void readPrompt(RequestFields& fields, ChatRequest& request) {
    const base::Json* prompt = fields.value("prompt");
    if (prompt == nullptr) return fields.complain("prompt", "is missing");
    // A list of one prompt is that prompt.
    const bool list =
        prompt->is_array() && !prompt->empty() && (prompt->front().is_string() || prompt->front().is_array());
    if (list && prompt->size() > 1)
        return fields.complain("prompt", "must be one prompt: several in one request are not supported",
                               ErrorCode::Unsupported);
    const base::Json& one = list ? prompt->front() : *prompt;
    if (one.is_string())
        request.promptText = one.get<std::string>();
    else if (!one.is_array())
        fields.complain("prompt", "must be a string or an array of token ids, but is " + describeJson(one));
    else if (one.empty())
        fields.complain("prompt", "must not be an empty array");
    else
        readPromptIds(fields, one, request);
}

std::size_t codePoints(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; }));
}

base::Json emptyLogprobs() {
    base::Json logprobs;
    for (const char* name :
         {"tokens", "token_logprobs", "top_logprobs", "text_offset", "token_ids", "top_token_ids", "top_values"})
        logprobs[name] = base::Json::array();
    return logprobs;
}

// {text: logprob}. Appends behind the object's back: its own insertion looks through all keys each time, which for a
// whole vocabulary is too slow.
base::Json textMap(const text::Tokenizer& tokenizer, const PositionLogprobs& position) {
    base::Json map = base::Json::object();
    auto& entries = map.get_ref<base::Json::object_t&>();
    std::unordered_set<std::string> seen;
    const auto append = [&](const TokenLogprob& entry) {
        std::string text = tokenText(tokenizer, entry.token);
        if (seen.insert(text).second) entries.push_back({std::move(text), exactNumber(entry.logprob)});
    };
    for (const TokenLogprob& entry : position.top) append(entry);
    append(position.chosen);
    return map;
}

}  // namespace

Expected<ChatRequest> OpenAiCompletions::readChat(const base::Json& body) {
    RequestFields fields(body);
    ChatRequest request;
    readPrompt(fields, request);
    readCommonFields(fields, request);
    request.promptIsTrusted = fields.boolean("parse_special").value_or(false);
    request.echo = fields.boolean("echo").value_or(false);
    fields.refuse("suffix", "is not supported: only text after the prompt can be completed");

    const auto maxTokens = fields.integer("max_tokens", 0);
    request.maxTokens = static_cast<std::size_t>(maxTokens.value_or(kDefaultMaxTokens));
    request.promptOnly = request.maxTokens == 0;

    const base::Json* logprobs = fields.value("logprobs");
    if (logprobs != nullptr && logprobs->is_boolean())  // chat's spelling
        request.topLogprobs = logprobs->get<bool>() ? 0 : -1;
    else if (const auto top = fields.integer("logprobs", 0, std::numeric_limits<int>::max()))
        request.topLogprobs = static_cast<int>(*top);
    if (!fields.ok()) return fields.problem();
    m_includeUsage = request.includeUsage;
    m_logprobs = request.topLogprobs >= 0;
    m_echo = request.echo;
    return request;
}

std::string OpenAiCompletions::errorBody(const Error& error) const {
    return openAiErrorBody(error);
}

void OpenAiCompletions::begin(const ReplyContext& context) {
    m_context = context;
    if (m_logprobs) m_offsets.emplace(*m_context.tokenizer);
}

base::Json OpenAiCompletions::envelope() const {
    base::Json result;
    result["id"] = m_context.id;
    result["object"] = "text_completion";
    result["created"] = m_context.createdSeconds;
    result["model"] = m_context.model;
    return result;
}

base::Json OpenAiCompletions::chunk(const std::string& text) const {
    base::Json result = envelope();
    base::Json choice;
    choice["index"] = 0;
    choice["text"] = text;
    choice["logprobs"] = nullptr;
    choice["finish_reason"] = nullptr;
    result["choices"].push_back(std::move(choice));
    if (m_includeUsage) result["usage"] = nullptr;
    return result;
}

void OpenAiCompletions::appendToken(base::Json& logprobs, TokenId token, const PositionLogprobs* position) {
    logprobs["tokens"].push_back(tokenText(*m_context.tokenizer, token));
    logprobs["token_ids"].push_back(token);
    logprobs["text_offset"].push_back(m_offset);
    m_offset += codePoints(m_offsets->add(token));
    if (position == nullptr) {
        for (const char* name : {"token_logprobs", "top_logprobs", "top_token_ids", "top_values"})
            logprobs[name].push_back(nullptr);
        return;
    }
    logprobs["token_logprobs"].push_back(exactNumber(position->chosen.logprob));
    logprobs["top_logprobs"].push_back(textMap(*m_context.tokenizer, *position));
    base::Json ids = base::Json::array();
    base::Json values = base::Json::array();
    for (const TokenLogprob& entry : position->top) {
        ids.push_back(entry.token);
        values.push_back(exactNumber(entry.logprob));
    }
    logprobs["top_token_ids"].push_back(std::move(ids));
    logprobs["top_values"].push_back(std::move(values));
}

base::Json OpenAiCompletions::promptLogprobs(const OutputPromptLogprobs& prompt) {
    base::Json logprobs = emptyLogprobs();
    const std::vector<TokenId>& ids = m_context.promptIds;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        const bool known = i > 0 && i - 1 < prompt.positions.size();
        appendToken(logprobs, ids[i], known ? &prompt.positions[i - 1] : nullptr);
    }
    return logprobs;
}

std::string OpenAiCompletions::beginStream(const ReplyContext& context) {
    begin(context);
    // With logprobs, the prompt goes out together with them.
    return m_echo && !m_logprobs ? sseFrame(chunk(m_context.promptText)) : std::string();
}

std::string OpenAiCompletions::streamEvent(const OutputEvent& event) {
    if (const auto* prompt = std::get_if<OutputPromptLogprobs>(&event)) {
        base::Json frame = chunk(m_context.promptText);
        frame["choices"][0]["logprobs"] = promptLogprobs(*prompt);
        return sseFrame(frame);
    }
    if (const auto* output = std::get_if<OutputText>(&event)) {
        if (output->text.empty() && output->logprobs.empty()) return {};
        base::Json frame = chunk(output->text);
        if (m_logprobs) {
            base::Json logprobs = emptyLogprobs();
            for (const PositionLogprobs& position : output->logprobs)
                appendToken(logprobs, position.chosen.token, &position);
            frame["choices"][0]["logprobs"] = std::move(logprobs);
        }
        return sseFrame(frame);
    }
    const auto& finished = std::get<OutputFinished>(event);
    base::Json frame = chunk("");
    frame["choices"][0]["finish_reason"] = finishReasonName(finished.reason);
    frame["timings"] = timingsJson(finished);
    std::string frames = sseFrame(frame);
    if (m_includeUsage) {
        base::Json usage = envelope();
        usage["choices"] = base::Json::array();
        usage["usage"] = usageJson(finished);
        frames += sseFrame(usage);
    }
    return frames;
}

std::string OpenAiCompletions::streamError(const Error& error) {
    return "data: " + openAiErrorBody(error) + "\n\n";
}

std::string OpenAiCompletions::keepAlive() {
    return sseFrame(chunk(""));
}

std::string OpenAiCompletions::endStream() {
    return sseDone();
}

std::string OpenAiCompletions::collect(const ReplyContext& context, const std::vector<OutputEvent>& events) {
    begin(context);
    std::string text = m_echo ? m_context.promptText : std::string();
    base::Json logprobs = emptyLogprobs();
    OutputFinished finished;
    for (const OutputEvent& event : events) {
        if (const auto* prompt = std::get_if<OutputPromptLogprobs>(&event)) {
            logprobs = promptLogprobs(*prompt);
        } else if (const auto* output = std::get_if<OutputText>(&event)) {
            text += output->text;
            if (m_logprobs)
                for (const PositionLogprobs& position : output->logprobs)
                    appendToken(logprobs, position.chosen.token, &position);
        } else {
            finished = std::get<OutputFinished>(event);
        }
    }
    base::Json choice;
    choice["index"] = 0;
    choice["text"] = std::move(text);
    choice["logprobs"] = m_logprobs ? std::move(logprobs) : base::Json();
    choice["finish_reason"] = finishReasonName(finished.reason);
    base::Json result = envelope();
    result["choices"].push_back(std::move(choice));
    result["usage"] = usageJson(finished);
    result["timings"] = timingsJson(finished);
    return base::dumpJson(result);
}

}  // namespace larder::api
