#include "engine/model/ops.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

#include "engine/kernels/math.h"
#include "engine/kernels/rope_table.h"
#include "engine/model/attention_plan.h"

namespace larder::model {
namespace {

constexpr std::size_t kArenaBytes = 16u << 20;
constexpr std::size_t kAlignment = 64;
constexpr int kMaxProducts = 4;       // of one linear() stage
constexpr int kSlicesPerThread = 4;   // enough to even out, few enough to keep slices long

int ceilDiv(int a, int b) { return (a + b - 1) / b; }

// State of the queries of one tile, on the stack of a compute thread.
struct TileState {
    std::array<float, kMaxTileQueries> m;
    std::array<float, kMaxTileQueries> l;
    alignas(64) std::array<float, kMaxTileFloats> o;

    kernels::AttentionState view() { return {m.data(), l.data(), o.data()}; }
};

}  // namespace

struct Ops::AttentionPlan : model::AttentionPlan {};

Ops::Ops(const kernels::Kernels& kernels, base::ThreadPool& pool)
    : m_kernels(kernels), m_pool(pool), m_plan(std::make_unique<AttentionPlan>()) {}

Ops::~Ops() = default;

void Ops::begin(const Batch& batch, int heads, int kvHeads, int headDim) {
    // What one step needed in several chunks, the next gets in one.
    if (m_chunks.size() > 1) {
        std::size_t total = 0;
        for (const Chunk& chunk : m_chunks) total += chunk.size;
        m_chunks.clear();
        m_chunks.push_back({std::make_unique_for_overwrite<std::byte[]>(total + kAlignment), total});
    }
    m_base = 0;
    m_used = 0;
    m_batch = &batch;
    m_plan->make(batch, heads, kvHeads, headDim, m_pool.threads());
}

void* Ops::allocate(std::size_t bytes) {
    bytes = (bytes + kAlignment - 1) / kAlignment * kAlignment;
    if (m_chunks.empty() || m_used + bytes > m_chunks.back().size) {
        if (!m_chunks.empty()) m_base += m_chunks.back().size;
        const std::size_t size = std::max(kArenaBytes, bytes);
        m_chunks.push_back({std::make_unique_for_overwrite<std::byte[]>(size + kAlignment), size});
        m_used = 0;
    }
    auto start = reinterpret_cast<std::uintptr_t>(m_chunks.back().memory.get());
    start = (start + kAlignment - 1) / kAlignment * kAlignment + m_used;
    m_used += bytes;
    return reinterpret_cast<void*>(start);
}

std::size_t Ops::mark() const { return m_base + m_used; }

void Ops::rewind(std::size_t mark) {
    // A mark in an earlier chunk is left alone: begin() makes one chunk of all before the next step.
    if (mark >= m_base) m_used = mark - m_base;
}

Rows Ops::rows(int count, int columns) {
    const auto values = static_cast<std::size_t>(count) * static_cast<std::size_t>(columns);
    return {static_cast<float*>(allocate(values * sizeof(float))), count, columns};
}

Activation Ops::activation(int count, int columns, std::initializer_list<const Matrix*> consumers) {
    Activation result;
    result.count = count;
    result.columns = columns;
    for (const Matrix* matrix : consumers)
        (kernels::usesInt8Activations(matrix->format) ? result.hasInt8 : result.hasFloat) = true;
    if (result.hasFloat) result.rows = rows(count, columns);
    if (result.hasInt8) {
        const auto values = static_cast<std::size_t>(count) * static_cast<std::size_t>(columns);
        const std::size_t groups = values / kernels::kGroup;
        result.quantized.tokens = count;
        result.quantized.codes = static_cast<std::int8_t*>(allocate(values));
        result.quantized.scales = static_cast<float*>(allocate(groups * sizeof(float)));
        result.quantized.sums = static_cast<std::int32_t*>(allocate(groups * sizeof(std::int32_t)));
        result.quantized.firstSums = static_cast<std::int32_t*>(allocate(groups * sizeof(std::int32_t)));
        result.quantized.scaledSums = static_cast<float*>(allocate(groups * sizeof(float)));
    }
    return result;
}

Activation Ops::inPlace(const Rows& rows) {
    Activation result;
    result.rows = rows;
    result.count = rows.count;
    result.columns = rows.columns;
    result.hasFloat = true;
    return result;
}

template <class F>
void Ops::overRows(int count, const F& f) {
    if (count <= 0) return;
    const int slices = count == 1 ? 1 : std::min(count, static_cast<int>(m_pool.threads()) * kSlicesPerThread);
    m_pool.run(static_cast<std::size_t>(slices), [&](std::size_t slice) {
        const int index = static_cast<int>(slice);
        f(static_cast<int>(static_cast<std::int64_t>(count) * index / slices),
          static_cast<int>(static_cast<std::int64_t>(count) * (index + 1) / slices));
    });
}

void Ops::quantize(const float* row, int index, const Activation& out) const {
    m_kernels.quantizeRow(row, out.columns, index, out.quantized);
}

void Ops::embed(const Matrix& table, std::span<const TokenId> tokens, const Rows& out) {
    overRows(out.count, [&](int first, int last) {
        for (int row = first; row < last; ++row)
            kernels::unpackRow(table.format, table.packed, table.columns, tokens[static_cast<std::size_t>(row)], out.row(row));
    });
}

void Ops::pickRows(const Rows& from, std::span<const int> indices, const Rows& out) {
    for (int row = 0; row < out.count; ++row)
        std::memcpy(out.row(row), from.row(indices[static_cast<std::size_t>(row)]), sizeof(float) * static_cast<std::size_t>(out.columns));
}

void Ops::addBias(const std::vector<float>& bias, const Rows& rows) {
    overRows(rows.count, [&](int first, int last) {
        for (int row = first; row < last; ++row)
            for (int column = 0; column < rows.columns; ++column) rows.row(row)[column] += bias[static_cast<std::size_t>(column)];
    });
}

void Ops::rmsNorm(const Rows& x, const std::vector<float>& weight, float eps, const Activation& out) {
    Rows scratch = out.rows;
    if (!out.hasFloat) scratch = rows(x.count, x.columns);
    overRows(x.count, [&](int first, int last) {
        for (int row = first; row < last; ++row) {
            m_kernels.rmsNorm(x.row(row), weight.data(), x.columns, eps, scratch.row(row));
            if (out.hasInt8) quantize(scratch.row(row), row, out);
        }
    });
}

void Ops::siluMul(const Rows& gate, const Rows& up, const Activation& out) {
    overRows(gate.count, [&](int first, int last) {
        for (int row = first; row < last; ++row) {
            // Without a float consumer the gate's own row is the scratch: nobody reads it again.
            float* y = out.hasFloat ? out.rows.row(row) : gate.row(row);
            m_kernels.siluMul(gate.row(row), up.row(row), gate.columns, y);
            if (out.hasInt8) quantize(y, row, out);
        }
    });
}

void Ops::multiply(const Activation& x, const Product& product, int firstPanel, int lastPanel) const {
    kernels::MatmulArgs args;
    args.weights = product.weights->packed;
    args.rows = product.weights->rows;
    args.columns = product.weights->columns;
    args.tokens = x.count;
    args.quantized = x.quantized;
    args.x = x.rows.values;
    args.residual = product.residual;
    args.y = product.y;
    args.yStride = product.weights->rows;
    m_kernels.matmul[static_cast<int>(product.weights->format)](args, firstPanel, lastPanel);
}

void Ops::linear(const Activation& x, std::initializer_list<Product> products) {
    assert(products.size() <= kMaxProducts);
    if (x.count <= 0) return;
    int totalPanels = 0;
    for (const Product& product : products) totalPanels += product.weights->panels();
    const int slices = std::min(totalPanels, static_cast<int>(m_pool.threads()) * (m_pool.threads() > 1 ? 2 * kSlicesPerThread : 1));
    // An even number of panels a slice: tiles are two panels wide.
    const int panelsPerSlice = ceilDiv(ceilDiv(totalPanels, slices), 2) * 2;
    m_pool.run(static_cast<std::size_t>(ceilDiv(totalPanels, panelsPerSlice)), [&](std::size_t slice) {
        int first = static_cast<int>(slice) * panelsPerSlice;
        int last = std::min(first + panelsPerSlice, totalPanels);
        for (const Product& product : products) {
            const int panels = product.weights->panels();
            if (first < panels && last > 0) multiply(x, product, std::max(first, 0), std::min(last, panels));
            first -= panels;
            last -= panels;
        }
    });
}

void Ops::linearFine(const Rows& x, const Matrix& weights, float* y) {
    const Activation coarse = activation(x.count, x.columns, {&weights});
    if (!coarse.hasInt8) {
        Activation exact = coarse;
        exact.rows = x;
        return linear(exact, {{&weights, y}});
    }
    const Activation fine = activation(x.count, x.columns, {&weights});
    overRows(x.count, [&](int first, int last) {
        for (int row = first; row < last; ++row) {
            quantize(x.row(row), row, coarse);
            const kernels::TokenGroups groups = kernels::groupsOf(coarse.quantized, x.columns, row);
            // What the first plane left over; x itself is not needed again.
            for (int column = 0; column < x.columns; ++column) {
                const std::ptrdiff_t at = column / kernels::kGroup * groups.width;
                const auto code = static_cast<float>(groups.codes[at * kernels::kGroup + column % kernels::kGroup]);
                x.row(row)[column] -= groups.scales[at] * code;
            }
            quantize(x.row(row), row, fine);
        }
    });
    // Few panels at a time: for the second plane the weights come from the cache, so memory is read once.
    constexpr int kPanelsAtOnce = 8;
    m_pool.run(static_cast<std::size_t>(ceilDiv(weights.panels(), kPanelsAtOnce)), [&](std::size_t part) {
        const int first = static_cast<int>(part) * kPanelsAtOnce;
        const int last = std::min(first + kPanelsAtOnce, weights.panels());
        multiply(coarse, {&weights, y}, first, last);
        multiply(fine, {&weights, y, y}, first, last);
    });
}

RopeTable Ops::ropeTable(std::span<const double> frequencies) {
    RopeTable table;
    table.pairs = static_cast<int>(frequencies.size());
    const int count = static_cast<int>(m_batch->tokens.size());
    table.cosines = rows(count, table.pairs).values;
    table.sines = rows(count, table.pairs).values;
    for (const BatchSequence& sequence : m_batch->sequences) {
        overRows(sequence.rows, [&](int first, int last) {
            for (int row = first; row < last; ++row) {
                const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(sequence.firstRow + row) * table.pairs;
                kernels::ropeRow(frequencies, sequence.firstPosition + row, table.cosines + at, table.sines + at);
            }
        });
    }
    return table;
}

void Ops::ropeAndStore(RopeStyle style, const RopeTable& table, const KvLayout& layout, int layer, const Rows& q,
                       const Rows& k, const Rows& v) {
    const auto rotate = style == RopeStyle::Interleaved ? m_kernels.ropeInterleaved : m_kernels.ropeNeox;
    const auto store = m_kernels.storeKv[layout.type == KvType::F32 ? 1 : 0];
    const int headDim = layout.headDim;
    const int queryHeads = q.columns / headDim;
    for (const BatchSequence& sequence : m_batch->sequences) {
        overRows(sequence.rows, [&](int first, int last) {
            for (int index = first; index < last; ++index) {
                const int row = sequence.firstRow + index;
                const int position = sequence.firstPosition + index;
                const float* cosines = table.cosines + static_cast<std::ptrdiff_t>(row) * table.pairs;
                const float* sines = table.sines + static_cast<std::ptrdiff_t>(row) * table.pairs;
                rotate(q.row(row), queryHeads, headDim, table.pairs, cosines, sines);
                rotate(k.row(row), layout.kvHeads, headDim, table.pairs, cosines, sines);
                std::byte* block = sequence.blocks[static_cast<std::size_t>(position / kBlockTokens)];
                for (int head = 0; head < layout.kvHeads; ++head)
                    store(k.row(row) + head * headDim, v.row(row) + head * headDim, headDim, position % kBlockTokens,
                          block + layout.kOffset(layer, head), block + layout.vOffset(layer, head));
            }
        });
    }
}

void Ops::attention(const KvLayout& layout, int layer, const Rows& q, float scale, const Activation& out) {
    const AttentionPlan& plan = *m_plan;
    const auto span = m_kernels.attentionSpan[layout.type == KvType::F32 ? 1 : 0];
    const int headDim = plan.headDim;
    const Rows result = out.hasFloat ? out.rows : rows(q.count, q.columns);
    float* keptM = rows(static_cast<int>(plan.keptQueries), 1).values;
    float* keptL = rows(static_cast<int>(plan.keptQueries), 1).values;
    float* keptO = rows(static_cast<int>(plan.keptQueries), headDim).values;
    const auto kept = [&](const AttentionTile& tile, int at) {
        const std::size_t state = tile.kept + static_cast<std::size_t>(at) * static_cast<std::size_t>(tile.rows * plan.group);
        return kernels::AttentionState{keptM + state, keptL + state, keptO + static_cast<std::ptrdiff_t>(state) * headDim};
    };
    const auto finish = [&](const AttentionTile& tile, const kernels::AttentionState& state) {
        m_kernels.attentionFinish(state, tile.rows, plan.group, headDim,
                                  result.row(tile.firstRow) + tile.kvHead * plan.group * headDim, result.columns);
    };
    m_pool.run(plan.tasks.size(), [&](std::size_t index) {
        const AttentionTask& task = plan.tasks[index];
        const AttentionTile& tile = plan.tiles[static_cast<std::size_t>(task.tile)];
        kernels::AttentionArgs args;
        args.q = q.row(tile.firstRow) + tile.kvHead * plan.group * headDim;
        args.qRowStride = q.columns;
        args.rows = tile.rows;
        args.group = plan.group;
        args.headDim = headDim;
        args.firstPosition = tile.firstPosition;
        args.scale = scale * kernels::kLog2e;
        args.blocks = m_batch->sequences[static_cast<std::size_t>(tile.sequence)].blocks.data();
        args.kOffset = layout.kOffset(layer, tile.kvHead);
        args.vOffset = layout.vOffset(layer, tile.kvHead);
        if (tile.tasks > 1) {
            for (int at = task.firstSpan; at < task.lastSpan; ++at) span(args, at, kept(tile, at));
            return;
        }
        TileState state;
        TileState next;
        span(args, 0, state.view());
        for (int at = 1; at < tile.spans; ++at) {
            span(args, at, next.view());
            m_kernels.attentionMerge(state.view(), next.view(), tile.rows * plan.group, headDim);
        }
        finish(tile, state.view());
    });

    if (plan.keptQueries > 0) {
        m_pool.run(plan.tiles.size(), [&](std::size_t index) {
            const AttentionTile& tile = plan.tiles[index];
            if (tile.tasks == 1) return;
            for (int at = 1; at < tile.spans; ++at)
                m_kernels.attentionMerge(kept(tile, 0), kept(tile, at), tile.rows * plan.group, headDim);
            finish(tile, kept(tile, 0));
        });
    }
    if (out.hasInt8)
        overRows(result.count, [&](int first, int last) {
            for (int row = first; row < last; ++row) quantize(result.row(row), row, out);
        });
}

}  // namespace larder::model
