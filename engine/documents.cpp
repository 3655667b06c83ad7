#include "engine/documents.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/base/json.h"

namespace larder {
namespace {

using base::Json;

double roundedTo(double value, double steps) { return std::round(value * steps) / steps; }
double percent(double share) { return roundedTo(share * 100, 100); }
double rate(double perSecond) { return roundedTo(perSecond, 100); }
double milliseconds(double ms) { return roundedTo(ms, 1000); }


void addCounters(Json& out, const UsageCounters& counters, double savedSeconds) {
    out["requests"] = counters.requests;
    out["prompt_tokens"] = counters.promptTokens;
    out["cached_tokens"] = counters.cachedTokens;
    out["loaded_tokens"] = counters.loadedTokens;
    out["computed_tokens"] = counters.computedPromptTokens;
    out["generated_tokens"] = counters.generatedTokens;
    out["cache_efficiency_percent"] = percent(counters.cacheEfficiency());
    out["prefill_seconds"] = roundedTo(counters.prefillSeconds, 1e6);
    out["decode_seconds"] = roundedTo(counters.decodeSeconds, 1e6);
    out["saved_seconds"] = roundedTo(savedSeconds, 1000);
    out["prefill_tokens_per_second"] = rate(counters.prefillTokensPerSecond());
    out["decode_tokens_per_second"] = rate(counters.decodeTokensPerSecond());
}

void addCounters(Json& out, const UsageCounters& counters) { addCounters(out, counters, counters.savedSeconds()); }

Json ttftJson(const UsageCounters& counters, const TtftHistogram& ttft) {
    const double mean = counters.firstTokens > 0 ? counters.ttftMs / static_cast<double>(counters.firstTokens) : 0;
    return {{"count", counters.firstTokens},
            {"mean_ms", milliseconds(mean)},
            {"p50_ms", milliseconds(ttft.percentileMs(0.5))},
            {"p90_ms", milliseconds(ttft.percentileMs(0.9))},
            {"p99_ms", milliseconds(ttft.percentileMs(0.99))}};
}

Json nowJson(double prefill, double decode) {
    return {{"prefill_tokens_per_second", rate(prefill)}, {"decode_tokens_per_second", rate(decode)}};
}

Json totalJson(const EngineStatus& engine) {
    Json total;
    addCounters(total, engine.total, addUsage({}, engine.usage).savedSeconds());
    total["ttft"] = ttftJson(engine.total, engine.ttft);
    total["now"] = nowJson(engine.prefillTokensPerSecond, engine.decodeTokensPerSecond);
    total["running"] = engine.runningSequences;
    total["waiting"] = engine.waitingSequences;
    total["following"] = engine.followingSequences;
    total["loading"] = engine.loadingSequences;
    total["waiting_for_model"] = engine.modelWaitSequences;
    total["prefilling"] = engine.prefillingSequences;
    total["steps"] = engine.steps;
    total["preemptions"] = engine.preemptions;
    return total;
}

Json modelJson(const ModelStatus& model, const ModelUsage& usage) {
    Json out;
    out["name"] = model.name;
    out["state"] = stateWord(model.state);
    if (model.state == ModelState::Loading) out["load_progress"] = roundedTo(model.loadProgress, 1000);
    if (!model.failure.empty()) out["failure"] = model.failure;
    out["pinned"] = model.pinned;
    out["context_length"] = model.contextTokens;
    out["weight_bytes"] = model.weightBytes;
    out["kv_bytes"] = model.kvBytes;
    out["last_used_unix_ms"] = model.lastUsedUnixMs;
    addCounters(out, usage.counters);
    out["ttft"] = ttftJson(usage.counters, usage.ttft);
    out["now"] = nowJson(model.prefillTokensPerSecond, model.decodeTokensPerSecond);
    out["running"] = model.runningSequences;
    out["waiting"] = model.waitingSequences;
    out["following"] = model.followingSequences;
    out["loading"] = model.loadingSequences;
    return out;
}

// Both lists are by name: those that are loaded or wait, and those that have numbers.
Json modelsJson(const EngineStatus& engine) {
    Json models = Json::array();
    auto model = engine.models.begin();
    auto usage = engine.usage.begin();
    while (model != engine.models.end() || usage != engine.usage.end()) {
        const bool noUsage = usage == engine.usage.end() || (model != engine.models.end() && model->name < usage->model);
        const bool noModel = model == engine.models.end() || (usage != engine.usage.end() && usage->model < model->name);
        ModelStatus gone;
        if (noModel) gone.name = usage->model;
        models.push_back(modelJson(noModel ? gone : *model, noUsage ? ModelUsage{} : *usage));
        if (!noModel) ++model;
        if (!noUsage) ++usage;
    }
    return models;
}

Json hotJson(const HotTierStatus& hot) {
    return {{"limit_bytes", hot.limitBytes},
            {"used_bytes", hot.leasedBytes + hot.cachedBytes},
            {"leased_bytes", hot.leasedBytes},
            {"cached_bytes", hot.cachedBytes},
            {"evicted_blocks", hot.evictedBlocks}};
}

Json coldJson(const ColdTierStatus& cold) {
    return {{"on", cold.on},
            {"problem", cold.problem},
            {"folder", cold.folder},
            {"limit_bytes", cold.limitBytes},
            {"used_bytes", cold.usedBytes},
            {"pinned_bytes", cold.pinnedBytes},
            {"staged_bytes", cold.stagedBytes},
            {"writing", cold.writing},
            {"blocks", cold.blocks},
            {"hits", cold.readBlocks},
            {"misses", cold.missedBlocks},
            {"written_blocks", cold.writtenBlocks},
            {"evicted_blocks", cold.evictedBlocks},
            {"refused_blocks", cold.refusedBlocks},
            {"adopted_blocks", cold.adoptedBlocks},
            {"quarantined_blocks", cold.quarantinedBlocks},
            {"quarantine_files", cold.quarantineFiles},
            {"read_bytes", cold.readBytes},
            {"written_bytes", cold.writtenBytes},
            {"written_today_bytes", cold.writtenTodayBytes},
            {"bytes_per_day", cold.bytesPerDay},
            {"free_disk_bytes", cold.freeDiskBytes},
            {"floor_bytes", cold.floorBytes}};
}

Json allTimeJson(const UsageTotals& totals) {
    Json out;
    out["since_unix_ms"] = totals.sinceUnixMs;
    addCounters(out, totals.counters, totals.savedSeconds());
    out["models"] = Json::array();
    for (const ModelUsage& model : totals.models) {
        Json entry;
        entry["name"] = model.model;
        addCounters(entry, model.counters);
        out["models"].push_back(std::move(entry));
    }
    return out;
}

}  // namespace

const char* stateWord(ModelState state) {
    switch (state) {
        case ModelState::Unloaded: return "unloaded";
        case ModelState::Loading: return "loading";
        case ModelState::Loaded: return "loaded";
        case ModelState::Failed: return "failed";
    }
    return "unloaded";
}

std::string statusDocument(const StatusReport& report) {
    const EngineStatus& engine = report.engine;
    Json out;
    if (report.running) {
        out["server"] = {{"version", report.version},
                         {"started_unix_ms", report.startedUnixMs},
                         {"uptime_seconds", roundedTo(report.uptimeSeconds, 1000)},
                         {"isa", engine.isa},
                         {"threads", engine.threads},
                         {"warning", engine.warning}};
        out["total"] = totalJson(engine);
        out["models"] = modelsJson(engine);
        out["hot_cache"] = hotJson(engine.hotTier);
    } else {
        out["server"] = nullptr;
    }
    out["cold_cache"] = coldJson(engine.coldTier);
    out["all_time"] = allTimeJson(report.allTime);
    return base::dumpJson(out);
}

std::string usageDocument(std::int64_t firstUnixHour, std::int64_t lastUnixHour, const std::vector<UsageHour>& hours) {
    Json out;
    out["from"] = firstUnixHour;
    out["to"] = lastUnixHour;
    out["hours"] = Json::array();
    for (const UsageHour& hour : hours) {
        Json entry;
        entry["hour"] = hour.unixHour;
        entry["model"] = hour.model;
        addCounters(entry, hour.counters);
        out["hours"].push_back(std::move(entry));
    }
    return base::dumpJson(out);
}

std::string cacheDocument(const ColdTierStatus& status, const CacheListing& listing) {
    Json out;
    out["cold_cache"] = coldJson(status);
    out["models"] = Json::array();
    for (const CachedModel& model : listing.models)
        out["models"].push_back({{"name", model.name},
                                 {"identity", model.identity},
                                 {"blocks", model.blocks},
                                 {"bytes", model.bytes},
                                 {"pinned_bytes", model.pinnedBytes},
                                 {"prefixes", model.prefixes},
                                 {"last_used_unix_ms", model.lastUsedUnixMs}});
    out["prefixes"] = Json::array();
    for (const CachedPrefix& prefix : listing.prefixes)
        out["prefixes"].push_back({{"id", prefix.id},
                                   {"model", prefix.model},
                                   {"tokens", prefix.tokens},
                                   {"bytes", prefix.bytes},
                                   {"own_bytes", prefix.ownBytes},
                                   {"uses", prefix.uses},
                                   {"created_unix_ms", prefix.createdUnixMs},
                                   {"last_used_unix_ms", prefix.lastUsedUnixMs},
                                   {"pinned", prefix.pinned},
                                   {"pinned_tokens", prefix.pinnedTokens}});
    return base::dumpJson(out);
}

std::string pinnedDocument(const std::string& id, bool pinned) { return base::dumpJson({{"id", id}, {"pinned", pinned}}); }

std::string clearedDocument(const CacheCleared& cleared) {
    return base::dumpJson({{"blocks", cleared.blocks}, {"bytes", cleared.bytes}, {"kept_pinned_blocks", cleared.keptPinnedBlocks}});
}

std::string verifiedDocument(const CacheVerified& verified) {
    return base::dumpJson({{"blocks", verified.blocks},
                           {"bytes", verified.bytes},
                           {"bad_blocks", verified.badBlocks},
                           {"complete", verified.complete}});
}

std::string exportedDocument(const std::string& file, const ExportedPrefix& exported) {
    return base::dumpJson({{"file", file}, {"tokens", exported.tokens}, {"blocks", exported.blocks}, {"bytes", exported.bytes}});
}

std::string importedDocument(const ImportedPrefix& imported) {
    return base::dumpJson({{"model", imported.model},
                           {"tokens", imported.tokens},
                           {"blocks", imported.blocks},
                           {"bytes", imported.bytes},
                           {"checked_block", imported.checkedBlock}});
}

}  // namespace larder
