// Matrix products at the shapes of SmolLM2-135M and Qwen3-0.6B. GMAC/s counts multiply-adds; read counts packed weights
// once. Weights above the last-level cache stream from memory: that is the case of one token.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>

#include "bench/kernels/bench_tables.h"

namespace larder::kernels::bench {
namespace {

constexpr const char* kFormatNames[kWeightFormatCount] = {"F32", "F16", "BF16", "Q4_0", "Q4_1", "Q8_0", "Q6_K"};

struct Shape {
    int rows;
    int columns;
    int mostTokens;
};
constexpr Shape kShapes[] = {{576, 576, 512},  {1536, 576, 512},  {576, 1536, 512},
                             {49152, 576, 32}, {3072, 1024, 512}, {1024, 3072, 512},   {151936, 1024, 8}};

struct Quantized {
    Quantized(const Kernels* table, const std::vector<float>& x, int tokenCount, int columns)
        : tokens(tokenCount), codes(x.size()), scales(x.size() / kGroup), sums(x.size() / kGroup), firstSums(x.size() / kGroup),
          scaledSums(x.size() / kGroup) {
        for (int row = 0; row < tokens; ++row) {
            table->quantizeRow(x.data() + static_cast<std::ptrdiff_t>(row) * columns, columns, groupsOf(view(), columns, row));
        }
    }
    QuantizedRows view() { return {tokens, codes.data(), scales.data(), sums.data(), firstSums.data(), scaledSums.data()}; }

    int tokens;
    std::vector<std::int8_t> codes;
    std::vector<float> scales;
    std::vector<std::int32_t> sums;
    std::vector<std::int32_t> firstSums;
    std::vector<float> scaledSums;
};

void runMatmul(benchmark::State& state, const Kernels* table, WeightFormat format, Shape shape, int tokens) {
    const int panels = (shape.rows + kPanelRows - 1) / kPanelRows;
    const std::size_t bytes = static_cast<std::size_t>(panels) * packedPanelBytes(format, shape.columns);
    const Bytes weights = alignedBytes(bytes);
    const std::vector<float> x = values(static_cast<std::size_t>(tokens) * static_cast<std::size_t>(shape.columns), 1);
    Quantized quantized(table, x, tokens, shape.columns);
    std::vector<float> y(static_cast<std::size_t>(tokens) * static_cast<std::size_t>(shape.rows));
    MatmulArgs args;
    args.weights = weights.get();
    args.rows = shape.rows;
    args.columns = shape.columns;
    args.tokens = tokens;
    args.quantized = quantized.view();
    args.x = x.data();
    args.y = y.data();
    args.yStride = shape.rows;
    for (auto step : state) {
        table->matmul[static_cast<int>(format)](args, 0, panels);
        benchmark::ClobberMemory();
    }
    const double steps = static_cast<double>(state.iterations());
    state.counters["GMAC/s"] = benchmark::Counter(
        steps * 1e-9 * static_cast<double>(tokens) * shape.rows * shape.columns, benchmark::Counter::kIsRate);
    state.counters["readGB/s"] =
        benchmark::Counter(steps * 1e-9 * static_cast<double>(bytes), benchmark::Counter::kIsRate);
}

}  // namespace

void registerMatmul(const Kernels* table) {
    for (const int format : {3, 4, 5, 6, 0, 1, 2}) {
        for (const Shape shape : kShapes) {
            for (const int tokens : {1, 2, 4, 8, 32, 128, 512}) {
                if (tokens > shape.mostTokens || shape.columns % blockColumns(static_cast<WeightFormat>(format)) != 0) {
                    continue;
                }
                const std::string name = std::string(table->isa) + "/matmul/" + kFormatNames[format] + "/" +
                                         std::to_string(shape.rows) + "x" + std::to_string(shape.columns) +
                                         "/M:" + std::to_string(tokens);
                benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
                    runMatmul(state, table, static_cast<WeightFormat>(format), shape, tokens);
                });
            }
        }
    }
}

}  // namespace larder::kernels::bench
