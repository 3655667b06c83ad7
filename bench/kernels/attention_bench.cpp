// Attention of one KV head at depth 2048: a chunk of a prompt and one decoded token. GFLOP/s counts a multiply-add as
// two, scores and weighted values; read counts K and V once.
#include <benchmark/benchmark.h>

#include <string>

#include "bench/kernels/bench_tables.h"
#include "engine/kernels/math.h"

namespace larder::kernels::bench {
namespace {

struct Shape {
    int headDim;
    int group;
    int rows;
    int heads;  // KV heads that are walked through in turn: one decodes from memory, not from the cache
};

constexpr int kDepth = 2048;

void runAttention(benchmark::State& state, const Kernels* table, KvFormat format, Shape shape) {
    const std::size_t valueBytes = format == KvFormat::F16 ? 2 : 4;
    const std::size_t half = static_cast<std::size_t>(shape.headDim) * kBlockPositions * valueBytes;
    constexpr int kBlocks = kDepth / kBlockPositions;
    const Bytes cache = alignedBytes(2 * half * kBlocks * static_cast<std::size_t>(shape.heads));
    std::vector<const std::byte*> blocks;
    for (int block = 0; block < kBlocks; ++block) {
        blocks.push_back(cache.get() + 2 * half * static_cast<std::size_t>(block * shape.heads));
    }
    const int queries = shape.rows * shape.group;
    const std::vector<float> q = values(static_cast<std::size_t>(queries * shape.headDim), 2);
    std::vector<float> m(static_cast<std::size_t>(queries));
    std::vector<float> l(static_cast<std::size_t>(queries));
    std::vector<float> o(static_cast<std::size_t>(queries * shape.headDim));
    AttentionArgs args;
    args.q = q.data();
    args.qRowStride = shape.group * shape.headDim;
    args.rows = shape.rows;
    args.group = shape.group;
    args.headDim = shape.headDim;
    args.firstPosition = kDepth - shape.rows;
    args.scale = 0.125f * kLog2e;
    args.blocks = blocks.data();
    for (auto step : state) {
        for (int head = 0; head < shape.heads; ++head) {
            args.kOffset = 2 * half * static_cast<std::size_t>(head);
            args.vOffset = args.kOffset + half;
            for (int span = 0; span < kDepth / kSpanPositions; ++span) {
                table->attentionSpan[static_cast<int>(format)](args, span, {m.data(), l.data(), o.data()});
            }
        }
        benchmark::ClobberMemory();
    }
    const double steps = static_cast<double>(state.iterations()) * shape.heads * 1e-9;
    const double pairs = static_cast<double>(queries) * (kDepth - shape.rows / 2);
    state.counters["GFLOP/s"] = benchmark::Counter(steps * 4 * pairs * shape.headDim, benchmark::Counter::kIsRate);
    state.counters["readGB/s"] =
        benchmark::Counter(steps * static_cast<double>(2 * half * kBlocks), benchmark::Counter::kIsRate);
}

}  // namespace

void registerAttention(const Kernels* table) {
    constexpr Shape kShapes[] = {{64, 3, 64, 1}, {128, 2, 64, 1}, {64, 3, 1, 90}, {128, 2, 1, 64}, {128, 1, 1, 64}};
    for (const KvFormat format : {KvFormat::F16, KvFormat::F32}) {
        for (const Shape shape : kShapes) {
            const std::string name = std::string(table->isa) + "/attention/" +
                                     (format == KvFormat::F16 ? "f16" : "f32") + "/d" + std::to_string(shape.headDim) +
                                     "/group:" + std::to_string(shape.group) + "/rows:" + std::to_string(shape.rows);
            benchmark::RegisterBenchmark(name.c_str(),
                                         [=](benchmark::State& state) { runAttention(state, table, format, shape); });
        }
    }
}

}  // namespace larder::kernels::bench
