// `larder bench --cache`: a made-up conversation with a coding agent, replayed without a cache, from RAM, and from the disk after a
// restart before every turn. Token ids, no HTTP; each mode goes on with its own answers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/error.h"
#include "engine/settings.h"

namespace larder {

struct CacheBenchTurn {
    std::size_t promptTokens = 0;
    std::size_t newTokens = 0;         // that no turn before had: nobody can compute fewer
    // By mode: 0 without cache, 1 from RAM, 2 from the disk.
    std::size_t computedTokens[3] = {};
    double ttftMs[3] = {};
};

struct CacheBenchResult {
    static constexpr const char* kModes[3] = {"off", "ram", "ssd"};
    std::string model;
    std::vector<CacheBenchTurn> turns;
    std::uint64_t writtenBytes = 0;    // by the disk mode, all together
    bool sameAnswers = false;          // all modes gave the same tokens

    std::size_t idealTokens() const;
    std::size_t computedTokens(int mode) const;
    double ttftSeconds(int mode) const;  // all turns
};

// Blocks for the whole run. settings: the model folder, KV type, threads, compression; the cache of its base directory is not
// touched: the run has a folder of its own beside it, which it removes. progress: one line a stage.
Expected<CacheBenchResult> runCacheBench(const std::string& modelNameOrPath, const Settings& settings,
                                         const std::function<void(const std::string&)>& progress);

std::string toJson(const CacheBenchResult& result);

}  // namespace larder
