// `larder bench`: measures one model on this machine without HTTP.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "engine/error.h"
#include "engine/settings.h"

namespace larder {

struct BenchPlan {
    int repeats = 5;       // of every figure; the median counts
    bool prefill = true;   // 512 and 2048 tokens
    bool decode = true;    // 128 tokens from an empty context
    bool depth = true;     // 128 tokens behind 2048
    bool batch = true;     // 128 tokens of 1, 2, 4 and 8 sequences at once
    bool limits = true;    // what the machine can do, and so the shares of it
};

// A figure the plan left out is 0 or empty.
struct BenchResult {
    double prefill512TokS = 0;
    double prefill2048TokS = 0;
    double decodeTokS = 0;
    double decodeDepth2048TokS = 0;
    std::map<int, double> batchDecodeTokS;  // aggregated, by batch size
    double loadS = 0;
    double peakRssMb = 0;
    double readGbS = 0;                  // all threads read as many bytes as a token's weights, again and again
    double memoryReadGbS = 0;            // the same over memoryBufferMb, at most 1 GB: larger than the caches if they are smaller
    double memoryBufferMb = 0;
    double weightsReadMb = 0;            // what one decoded token reads of the weights, in 10^6 bytes
    double decodeReadShare = 0;          // decode's rate of reading weights, of readGbS taken just before and after it
    double int8Tops = 0;                 // measured int8 dot peak of all threads, in this ISA's instructions
    double prefillInt8Share = 0;         // of prefill 512, the layers' products alone, of int8Tops taken before and after
    std::string logitsHash;              // 16 hex digits of the last prefill-512 row: same on every ISA and thread count
    std::string isa;
    int threads = 0;
};

// Blocks for the whole run (a minute or two); progress gets one line per stage. settings: kvType, threads.
Expected<BenchResult> runBench(const std::string& modelNameOrPath, const Settings& settings, const BenchPlan& plan,
                               const std::function<void(const std::string&)>& progress);

// The keys of design §9 and more; without those the plan left out.
std::string toJson(const BenchResult& result);

}  // namespace larder
