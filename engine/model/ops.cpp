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
constexpr int kGatedTokens = 256;     // of a slice of gate and up at a time: both stay in the second-level cache
constexpr int kMostGatedPanels = 12;
constexpr int kHeadPanels = 16;       // of the output head at a time

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
    m_sequenceOf.clear();
    for (std::size_t index = 0; index < batch.sequences.size(); ++index)
        m_sequenceOf.insert(m_sequenceOf.end(), static_cast<std::size_t>(batch.sequences[index].rows), static_cast<int>(index));
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
    m_kernels.quantizeRow(row, out.columns, kernels::groupsOf(out.quantized, out.columns, index));
}

void Ops::quantizeRows(const Rows& from, int first, int last, const Activation& out) const {
    for (int row = first; row < last; ++row) quantize(from.row(row), row, out);
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

// The outputs of some panels alone, side by side: y [tokens, rows of the panels], for tokens [first, first + tokens). first
// is a multiple of kTokenBlock.
void Ops::multiplyPart(const Activation& x, int first, int tokens, const Matrix& weights, int firstPanel, int lastPanel,
                       float* y) const {
    const std::ptrdiff_t at = std::ptrdiff_t{first} * x.columns;
    const std::ptrdiff_t group = at / kernels::kGroup;
    kernels::MatmulArgs args;
    args.weights = weights.packed + static_cast<std::size_t>(firstPanel) * kernels::packedPanelBytes(weights.format, weights.columns);
    args.rows = std::min(lastPanel * kernels::kPanelRows, weights.rows) - firstPanel * kernels::kPanelRows;
    args.columns = weights.columns;
    args.tokens = tokens;
    const kernels::QuantizedRows& q = x.quantized;
    if (x.hasInt8) args.quantized = {tokens, q.codes + at, q.scales + group, q.sums + group, q.firstSums + group, q.scaledSums + group};
    if (x.hasFloat) args.x = x.rows.values + at;
    args.y = y;
    args.yStride = args.rows;
    m_kernels.matmul[static_cast<int>(weights.format)](args, 0, lastPanel - firstPanel);
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

// Panels [firstPanel, lastPanel) of both matrices, for all tokens.
struct Ops::GatedSlice {
    const Matrix& gate;
    const Matrix& up;
    int firstPanel;
    int lastPanel;
    float* scratch;  // [2, kGatedTokens, columns of the slice]
};

void Ops::gatedSilu(const Activation& x, const Matrix& gate, const Matrix& up, const Activation& out) {
    assert(gate.rows == up.rows && gate.columns == up.columns);
    if (x.count <= 0) return;
    const int panels = gate.panels();
    const int wanted = m_pool.threads() > 1 ? static_cast<int>(m_pool.threads()) * 2 * kSlicesPerThread : 1;
    // An even number of panels: whole groups of 32 columns, which are quantised together. And few enough for the cache.
    const int panelsPerSlice = std::min(ceilDiv(ceilDiv(panels, wanted), 2) * 2, kMostGatedPanels);
    const int sliceColumns = panelsPerSlice * kernels::kPanelRows;
    const int scratchRows = 2 * std::min(x.count, kGatedTokens);
    const Rows scratch = rows(static_cast<int>(m_pool.threads()) * scratchRows, sliceColumns);
    m_pool.run(static_cast<std::size_t>(ceilDiv(panels, panelsPerSlice)), [&](std::size_t slice, std::size_t thread) {
        const int first = static_cast<int>(slice) * panelsPerSlice;
        gatedSlice(x, {gate, up, first, std::min(first + panelsPerSlice, panels), scratch.row(static_cast<int>(thread) * scratchRows)}, out);
    });
}

void Ops::gatedSlice(const Activation& x, const GatedSlice& slice, const Activation& out) const {
    const int firstColumn = slice.firstPanel * kernels::kPanelRows;
    const int columns = std::min(slice.lastPanel * kernels::kPanelRows, slice.gate.rows) - firstColumn;
    for (int first = 0; first < x.count; first += kGatedTokens) {
        const int tokens = std::min(kGatedTokens, x.count - first);
        float* gate = slice.scratch;
        float* up = gate + static_cast<std::ptrdiff_t>(tokens) * columns;
        multiplyPart(x, first, tokens, slice.gate, slice.firstPanel, slice.lastPanel, gate);
        multiplyPart(x, first, tokens, slice.up, slice.firstPanel, slice.lastPanel, up);
        for (int token = 0; token < tokens; ++token, gate += columns, up += columns) {
            float* y = out.hasFloat ? out.rows.row(first + token) + firstColumn : gate;
            m_kernels.siluMul(gate, up, columns, y);
            if (out.hasInt8)
                m_kernels.quantizeRow(y, columns, kernels::groupsFrom(kernels::groupsOf(out.quantized, out.columns, first + token),
                                                                      firstColumn / kernels::kGroup));
        }
    }
}

void Ops::linearFine(const Rows& x, const Matrix& weights, float* y) {
    if (!kernels::usesInt8Activations(weights.format)) return linear(inPlace(x), {{&weights, y}});
    // Both planes as tokens of one product, the coarse ones first: the weights are read and unpacked once.
    const Activation planes = activation(2 * x.count, x.columns, {&weights});
    overRows(x.count, [&](int first, int last) {
        for (int row = first; row < last; ++row) {
            quantize(x.row(row), row, planes);
            const kernels::TokenGroups groups = kernels::groupsOf(planes.quantized, x.columns, row);
            // What the first plane left over; x itself is not needed again.
            for (int column = 0; column < x.columns; ++column) {
                const std::ptrdiff_t at = column / kernels::kGroup * groups.width;
                const auto code = static_cast<float>(groups.codes[at * kernels::kGroup + column % kernels::kGroup]);
                x.row(row)[column] -= groups.scales[at] * code;
            }
            quantize(x.row(row), x.count + row, planes);
        }
    });
    const int panelsAtOnce = weights.panels() < kHeadPanels ? weights.panels() : kHeadPanels;
    const Rows scratch = rows(static_cast<int>(m_pool.threads()) * planes.count, panelsAtOnce * kernels::kPanelRows);
    m_pool.run(static_cast<std::size_t>(ceilDiv(weights.panels(), panelsAtOnce)), [&](std::size_t part, std::size_t thread) {
        const int first = static_cast<int>(part) * panelsAtOnce;
        const int last = std::min(first + panelsAtOnce, weights.panels());
        const int columns = std::min(last * kernels::kPanelRows, weights.rows) - first * kernels::kPanelRows;
        float* products = scratch.row(static_cast<int>(thread) * planes.count);
        multiplyPart(planes, 0, planes.count, weights, first, last, products);
        for (int row = 0; row < x.count; ++row) {
            const float* coarse = products + static_cast<std::ptrdiff_t>(row) * columns;
            const float* fine = coarse + static_cast<std::ptrdiff_t>(x.count) * columns;
            float* out = y + static_cast<std::ptrdiff_t>(row) * weights.rows + first * kernels::kPanelRows;
            for (int column = 0; column < columns; ++column) out[column] = coarse[column] + fine[column];
        }
    });
}

int Ops::positionOf(int row) const {
    const BatchSequence& sequence = m_batch->sequences[static_cast<std::size_t>(m_sequenceOf[static_cast<std::size_t>(row)])];
    return sequence.firstPosition + row - sequence.firstRow;
}

RopeTable Ops::ropeTable(std::span<const double> frequencies) {
    RopeTable table;
    table.pairs = static_cast<int>(frequencies.size());
    const int count = static_cast<int>(m_batch->tokens.size());
    table.cosines = rows(count, table.pairs).values;
    table.sines = rows(count, table.pairs).values;
    overRows(count, [&](int first, int last) {
        for (int row = first; row < last; ++row) {
            const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(row) * table.pairs;
            kernels::ropeRow(frequencies, positionOf(row), table.cosines + at, table.sines + at);
        }
    });
    return table;
}

void Ops::ropeAndStore(RopeStyle style, const RopeTable& table, const KvLayout& layout, int layer, const Rows& q,
                       const Rows& k, const Rows& v) {
    const auto rotate = style == RopeStyle::Interleaved ? m_kernels.ropeInterleaved : m_kernels.ropeNeox;
    const auto store = m_kernels.storeKv[layout.type == KvType::F32 ? 1 : 0];
    const int headDim = layout.headDim;
    const int queryHeads = q.columns / headDim;
    overRows(q.count, [&](int first, int last) {
        for (int row = first; row < last; ++row) {
            const BatchSequence& sequence = m_batch->sequences[static_cast<std::size_t>(m_sequenceOf[static_cast<std::size_t>(row)])];
            const int position = positionOf(row);
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
    // The tile that completes its rows quantises them: whichever that is, the bits are the same.
    m_headsLeft.resize(plan.tiles.size() / static_cast<std::size_t>(layout.kvHeads));
    for (HeadsLeft& rowsOfTile : m_headsLeft) rowsOfTile.count.store(layout.kvHeads, std::memory_order_relaxed);
    const auto finish = [&](std::size_t index, const kernels::AttentionState& state) {
        const AttentionTile& tile = plan.tiles[index];
        m_kernels.attentionFinish(state, tile.rows, plan.group, headDim,
                                  result.row(tile.firstRow) + tile.kvHead * plan.group * headDim, result.columns);
        if (!out.hasInt8) return;
        std::atomic<int>& left = m_headsLeft[index / static_cast<std::size_t>(layout.kvHeads)].count;
        if (left.fetch_sub(1, std::memory_order_acq_rel) == 1) quantizeRows(result, tile.firstRow, tile.firstRow + tile.rows, out);
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
        finish(static_cast<std::size_t>(task.tile), state.view());
    });

    if (plan.keptQueries > 0) {
        m_pool.run(plan.tiles.size(), [&](std::size_t index) {
            const AttentionTile& tile = plan.tiles[index];
            if (tile.tasks == 1) return;
            for (int at = 1; at < tile.spans; ++at)
                m_kernels.attentionMerge(kept(tile, 0), kept(tile, at), tile.rows * plan.group, headDim);
            finish(index, kept(tile, 0));
        });
    }
}

}  // namespace larder::model
