// How much was asked and saved: counters that only grow, by model, since the server started and for all time. Plain values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace larder {

struct UsageCounters {
    std::uint64_t requests = 0;
    std::uint64_t promptTokens = 0;          // of prompts, computed or cached
    std::uint64_t cachedTokens = 0;          // of them: not computed for their request
    std::uint64_t loadedTokens = 0;          // of the cached ones: read from the disk
    std::uint64_t computedPromptTokens = 0;  // rows really computed, with what preemption repeats
    std::uint64_t generatedTokens = 0;
    double prefillSeconds = 0;               // time in steps; one that prefills and decodes is split by its rows
    double decodeSeconds = 0;
    std::uint64_t firstTokens = 0;           // answers whose first token came, and how long that took from submit
    double ttftMs = 0;                       // all together

    void add(const UsageCounters& other);
    UsageCounters since(const UsageCounters& before) const;  // REQUIRES before of the same, earlier
    bool operator==(const UsageCounters&) const = default;

    double cacheEfficiency() const;          // cachedTokens / promptTokens, 0..1; 0 without prompts
    double prefillTokensPerSecond() const;   // means over all of it; 0 where nothing was computed
    double decodeTokensPerSecond() const;
    double savedSeconds() const;             // cachedTokens at the mean speed of prefill; 0 while too little was computed to know it
};

// Times to the first token, counted in classes that grow by 2^(1/8) (9 %), from 0.5 ms to 1000 s.
class TtftHistogram {
public:
    static constexpr std::size_t kClasses = 168;
    void add(double ms);
    void add(const TtftHistogram& other);
    double percentileMs(double share) const;  // share: 0..1; upper end of its class; 0 when nothing was counted
    std::uint64_t count() const;
    const std::array<std::uint32_t, kClasses>& classes() const { return m_classes; }
    static double upperMs(std::size_t index);
    bool operator==(const TtftHistogram&) const = default;

private:
    std::array<std::uint32_t, kClasses> m_classes{};
};

struct ModelUsage {
    std::string model;
    UsageCounters counters;
    TtftHistogram ttft;                      // since the server started only
};

// One model in one hour (UTC).
struct UsageHour {
    std::int64_t unixHour = 0;               // hours since 1970
    std::string model;
    UsageCounters counters;
};

// All time, over restarts.
struct UsageTotals {
    std::int64_t sinceUnixMs = 0;            // of the first record; 0: none yet
    UsageCounters counters;                  // exactly the sum of the models
    std::vector<ModelUsage> models;          // by name; ttft empty

    double savedSeconds() const;             // of each model at its own speed: a small one is not as slow as a large one
};

// Gives the totals of all time, for what a server that is still running has counted (EngineStatus::usage).
using UsageTotalsSource = std::function<UsageTotals(const std::vector<ModelUsage>&)>;

// before, and what a server has counted on top of it. sinceUnixMs stays.
UsageTotals addUsage(UsageTotals before, const std::vector<ModelUsage>& now);

}  // namespace larder
