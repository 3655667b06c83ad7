#include "engine/api/metrics.h"

#include <charconv>
#include <concepts>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

namespace larder::api {
namespace {

// The classes of TtftHistogram grow by 2^(1/8): every eighth bound is a bound here, 1 ms to 262 s, so that nothing is guessed.
constexpr std::size_t kClassesPerBucket = 8;
constexpr std::size_t kBuckets = 19;

// A double so that it reads back the same.
std::string number(double value) {
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, value).ptr;
    return std::string(text, end);
}

template <std::integral T>
std::string number(T value) {
    return std::to_string(value);
}

std::string escaped(std::string_view label) {
    std::string text;
    for (const char c : label) {
        if (c == '\n') text += "\\n";
        else if (c == '\\' || c == '"') text += std::string("\\") + c;
        else text += c;
    }
    return text;
}

std::string label(const char* name, std::string_view value) { return std::string(name) + "=\"" + escaped(value) + "\""; }

class Exposition {
public:
    // The lines that begin a metric; its samples follow.
    void begin(std::string name, const char* type, const char* help) {
        m_name = std::move(name);
        m_text += "# HELP " + m_name + " " + help + "\n# TYPE " + m_name + " " + type + "\n";
    }
    template <class T>
    void sample(const std::string& labels, T value, const char* suffix = "") {
        m_text += m_name + suffix + (labels.empty() ? "" : "{" + labels + "}") + " " + number(value) + "\n";
    }
    template <class T>
    void single(const char* name, const char* type, const char* help, T value) {
        begin(name, type, help);
        sample("", value);
    }

    std::string take() { return std::move(m_text); }

private:
    std::string m_name;
    std::string m_text;
};

constexpr const char* kCounter = "counter";
constexpr const char* kGauge = "gauge";

void writeUsage(Exposition& out, const std::vector<ModelUsage>& usage) {
    const auto each = [&](const char* name, const char* help, auto member) {
        out.begin(name, kCounter, help);
        for (const ModelUsage& model : usage) out.sample(label("model", model.model), std::invoke(member, model.counters));
    };
    each("larder_requests_total", "Requests.", &UsageCounters::requests);
    each("larder_prompt_tokens_total", "Tokens of prompts, computed or cached.", &UsageCounters::promptTokens);
    each("larder_cached_tokens_total", "Prompt tokens that were not computed for their request.", &UsageCounters::cachedTokens);
    each("larder_loaded_tokens_total", "Of the cached tokens: read from the disk.", &UsageCounters::loadedTokens);
    each("larder_computed_tokens_total", "Prompt tokens that were computed.", &UsageCounters::computedPromptTokens);
    each("larder_generated_tokens_total", "Tokens of answers.", &UsageCounters::generatedTokens);
    each("larder_prefill_seconds_total", "Time spent computing prompts.", &UsageCounters::prefillSeconds);
    each("larder_decode_seconds_total", "Time spent generating.", &UsageCounters::decodeSeconds);
}

void writeTtft(Exposition& out, const std::vector<ModelUsage>& usage) {
    out.begin("larder_ttft_seconds", "histogram", "Time from a request to the first token of its answer.");
    for (const ModelUsage& model : usage) {
        const std::string who = label("model", model.model);
        std::uint64_t seen = 0;
        std::size_t next = 0;
        for (std::size_t bucket = 1; bucket <= kBuckets; ++bucket) {
            for (; next <= bucket * kClassesPerBucket; ++next) seen += model.ttft.classes()[next];
            out.sample(who + "," + label("le", number(TtftHistogram::upperMs(bucket * kClassesPerBucket) / 1000)), seen, "_bucket");
        }
        out.sample(who + ",le=\"+Inf\"", model.ttft.count(), "_bucket");
        out.sample(who, model.counters.ttftMs / 1000, "_sum");
        out.sample(who, model.ttft.count(), "_count");
    }
}

void writeModels(Exposition& out, const std::vector<ModelStatus>& models) {
    const auto each = [&](const char* name, const char* help, auto value) {
        out.begin(name, kGauge, help);
        for (const ModelStatus& model : models) out.sample(label("model", model.name), std::invoke(value, model));
    };
    each("larder_model_loaded", "1: the model is loaded.", [](const ModelStatus& model) { return model.state == ModelState::Loaded ? 1 : 0; });
    each("larder_model_weight_bytes", "Weights in RAM.", &ModelStatus::weightBytes);
    each("larder_model_kv_bytes", "KV cache of the model in RAM.", &ModelStatus::kvBytes);
    each("larder_running_requests", "Requests that are being computed.", &ModelStatus::runningSequences);
    each("larder_waiting_requests", "Requests in the queue.", &ModelStatus::waitingSequences);
    each("larder_following_requests", "Of the waiting ones: another request is computing their prefix.", &ModelStatus::followingSequences);
    each("larder_loading_requests", "Of the waiting ones: blocks of their prompt are being read from the disk.", &ModelStatus::loadingSequences);
}

void writeEngine(Exposition& out, const EngineStatus& engine) {
    out.single("larder_model_wait_requests", kGauge, "Requests that wait for their model to be loaded.", engine.modelWaitSequences);
    out.single("larder_steps_total", kCounter, "Steps of the engine.", engine.steps);
    out.single("larder_preemptions_total", kCounter, "Answers that gave their place to others and went on later.", engine.preemptions);
    out.begin("larder_hot_cache_bytes", kGauge, "KV cache in RAM, by use.");
    out.sample(label("use", "leased"), engine.hotTier.leasedBytes);
    out.sample(label("use", "cached"), engine.hotTier.cachedBytes);
    out.single("larder_hot_cache_limit_bytes", kGauge, "Limit of the KV cache in RAM.", engine.hotTier.limitBytes);
    out.single("larder_hot_cache_evicted_blocks_total", kCounter, "Blocks of the KV cache in RAM that made room.", engine.hotTier.evictedBlocks);
}

void writeCold(Exposition& out, const ColdTierStatus& cold) {
    const auto gauge = [&](const char* name, const char* help, auto value) { out.single(name, kGauge, help, value); };
    const auto counter = [&](const char* name, const char* help, auto value) { out.single(name, kCounter, help, value); };
    gauge("larder_cold_cache_on", "1: KV is kept on the disk.", cold.on ? 1 : 0);
    gauge("larder_cold_cache_problem", "1: something keeps it from working as it should.", cold.problem.empty() ? 0 : 1);
    gauge("larder_cold_cache_bytes", "What the cache takes on the disk.", cold.usedBytes);
    gauge("larder_cold_cache_limit_bytes", "Limit of the cache on the disk.", cold.limitBytes);
    gauge("larder_cold_cache_pinned_bytes", "Of it: pinned.", cold.pinnedBytes);
    gauge("larder_cold_cache_staged_bytes", "In RAM, on their way to the disk.", cold.stagedBytes);
    gauge("larder_cold_cache_blocks", "Blocks on the disk.", cold.blocks);
    gauge("larder_cold_cache_quarantine_files", "Damaged files that were moved aside.", cold.quarantineFiles);
    gauge("larder_cold_cache_free_disk_bytes", "Free space on that disk.", cold.freeDiskBytes);
    gauge("larder_cold_cache_written_today_bytes", "Written since midnight UTC.", cold.writtenTodayBytes);
    counter("larder_cold_cache_hits_total", "Blocks read from the disk.", cold.readBlocks);
    counter("larder_cold_cache_misses_total", "Blocks asked for that were gone or bad.", cold.missedBlocks);
    counter("larder_cold_cache_written_blocks_total", "Blocks written.", cold.writtenBlocks);
    counter("larder_cold_cache_evicted_blocks_total", "Blocks deleted to make room.", cold.evictedBlocks);
    counter("larder_cold_cache_refused_blocks_total", "Blocks not written: no room, or past the day's bytes.", cold.refusedBlocks);
    counter("larder_cold_cache_adopted_blocks_total", "Blocks found on the disk that the index did not know.", cold.adoptedBlocks);
    counter("larder_cold_cache_quarantined_blocks_total", "Blocks found damaged.", cold.quarantinedBlocks);
    counter("larder_cold_cache_read_bytes_total", "Bytes read.", cold.readBytes);
    counter("larder_cold_cache_written_bytes_total", "Bytes written.", cold.writtenBytes);
}

}  // namespace

std::string metricsText(const StatusReport& report) {
    Exposition out;
    out.begin("larder_info", kGauge, "Always 1; the labels tell what runs.");
    out.sample(label("version", report.version) + "," + label("isa", report.engine.isa), 1);
    out.single("larder_uptime_seconds", kGauge, "Since the server started.", report.uptimeSeconds);
    out.single("larder_threads", kGauge, "Compute threads.", report.engine.threads);
    writeUsage(out, report.engine.usage);
    writeTtft(out, report.engine.usage);
    writeModels(out, report.engine.models);
    writeEngine(out, report.engine);
    writeCold(out, report.engine.coldTier);
    return out.take();
}

}  // namespace larder::api
