// `larder bench`: measures one model on this machine without HTTP.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "engine/error.h"
#include "engine/settings.h"

namespace larder {

struct BenchResult {
    double prefill512TokS = 0;
    double prefill2048TokS = 0;
    double decodeTokS = 0;               // 128 tokens from an almost empty context
    double decodeDepth2048TokS = 0;
    std::map<int, double> batchDecodeTokS;  // aggregated, by batch size
    double loadS = 0;
    double peakRssMb = 0;
    double readGbS = 0;                  // measured read bandwidth of all threads
    double int8Tops = 0;                 // measured int8 dot peak of all threads, in this ISA's instructions
    std::string logitsHash;              // 16 hex digits of the last prefill-512 row: same on every ISA and thread count
    std::string isa;
    int threads = 0;
};

// Blocks for the whole run (about a minute); progress gets one line per stage. settings: kvType, threads.
Expected<BenchResult> runBench(const std::string& modelNameOrPath, const Settings& settings,
                               const std::function<void(const std::string&)>& progress);

// The keys of design §9.
std::string toJson(const BenchResult& result);

}  // namespace larder
