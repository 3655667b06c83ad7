// Row-wise operations on one row of 1536 values in the cache.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>

#include "bench/kernels/bench_tables.h"

namespace larder::kernels::bench {
namespace {

constexpr int kColumns = 1536;

template <class Operation>
void registerRow(const Kernels* table, const char* what, Operation operation) {
    const std::string name = std::string(table->isa) + "/row/" + what;
    benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
        const std::vector<float> x = values(kColumns, 3);
        const std::vector<float> w = values(kColumns, 4);
        std::vector<float> y(kColumns);
        for (auto step : state) {
            operation(x.data(), w.data(), y.data());
            benchmark::ClobberMemory();
        }
        state.counters["Gvalues/s"] =
            benchmark::Counter(static_cast<double>(state.iterations()) * 1e-9 * kColumns, benchmark::Counter::kIsRate);
    });
}

}  // namespace

void registerRows(const Kernels* table) {
    registerRow(table, "quantize", [table](const float* x, const float*, float*) {
        static std::int8_t codes[kColumns];
        static float scales[kColumns / kGroup];
        static std::int32_t sums[kColumns / kGroup];
        static std::int32_t firstSums[kColumns / kGroup];
        static float scaledSums[kColumns / kGroup];
        table->quantizeRow(x, kColumns, {codes, scales, sums, firstSums, scaledSums, 1});
    });
    registerRow(table, "rmsNorm",
                [table](const float* x, const float* w, float* y) { table->rmsNorm(x, w, kColumns, 1e-5f, y); });
    registerRow(table, "siluMul",
                [table](const float* x, const float* w, float* y) { table->siluMul(x, w, kColumns, y); });
    registerRow(table, "expAndSum", [table](const float* x, const float*, float* y) {
        benchmark::DoNotOptimize(table->expAndSum(x, kColumns, 1.0f, 1.0f, y));
    });
    registerRow(table, "ropeNeox",
                [table](const float* x, const float* w, float* y) { table->ropeNeox(y, kColumns / 64, 64, 32, x, w); });
    registerRow(table, "ropeInterleaved", [table](const float* x, const float* w, float* y) {
        table->ropeInterleaved(y, kColumns / 64, 64, 32, x, w);
    });
}

}  // namespace larder::kernels::bench
