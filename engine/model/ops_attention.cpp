// The attention of a layer, as tasks over a step's plan (attention_plan.h).
#include <array>

#include "engine/kernels/math.h"
#include "engine/kernels/rope_table.h"
#include "engine/model/attention_plan.h"
#include "engine/model/ops.h"
#include "engine/model/ops_attention_walk.h"

namespace larder::model {
namespace {

// State of the queries of one tile, on the stack of a compute thread.
struct TileState {
    std::array<float, kMaxTileQueries> m;
    std::array<float, kMaxTileQueries> l;
    alignas(64) std::array<float, kMaxTileFloats> o;

    kernels::AttentionState view() { return {m.data(), l.data(), o.data()}; }
};

// States that wait for others of their tile.
struct KeptStates {
    float* m;
    float* l;
    float* o;
};

// One layer's attention. Its methods are what tasks do, each for a row or a tile of its own.
class Stage {
public:
    Stage(const kernels::Kernels& kernels, const Batch& batch, const AttentionPlan& plan, const AttentionInput& in,
          const Rows& result, const Activation& out, const KeptStates& kept)
        : m_kernels(kernels), m_batch(batch), m_plan(plan), m_in(in), m_result(result), m_out(out), m_kept(kept) {}

    void askForLastBlock(const AttentionTile& tile) const;
    void rotateAndStore(const AttentionTile& tile) const;
    void attend(const AttentionTask& task, kernels::KvWalk* walk) const;
    void mergeKept(const AttentionTile& tile) const;

private:
    const BatchSequence& sequenceOf(const AttentionTile& tile) const {
        return m_batch.sequences[static_cast<std::size_t>(tile.sequence)];
    }
    bool isF32() const { return m_in.layout.type == KvType::F32; }
    int tileColumns() const { return m_plan.group * m_plan.headDim; }
    kernels::AttentionState kept(const AttentionTile& tile, int span) const;
    void finish(const AttentionTile& tile, const kernels::AttentionState& state) const;

    const kernels::Kernels& m_kernels;
    const Batch& m_batch;
    const AttentionPlan& m_plan;
    const AttentionInput& m_in;
    const Rows& m_result;
    const Activation& m_out;
    const KeptStates& m_kept;
};

// Asks for the memory of the block that a tile's last row is in, as far as it is filled: scattered lines, which nothing else
// would bring in before they are needed.
void Stage::askForLastBlock(const AttentionTile& tile) const {
    const KvLayout& layout = m_in.layout;
    const int position = tile.firstPosition + tile.rows - 1;
    const std::size_t filled = static_cast<std::size_t>(position % kBlockTokens + 1) * layout.elementBytes();
    const std::byte* block = sequenceOf(tile).blocks[static_cast<std::size_t>(position / kBlockTokens)];
    const std::byte* keys = block + layout.kOffset(m_in.layer, tile.kvHead);
    for (int d = 0; d < layout.headDim; ++d, keys += kBlockTokens * layout.elementBytes())
        for (std::size_t at = 0; at < filled; at += kStepAlignment) __builtin_prefetch(keys + at);
    const std::byte* values = block + layout.vOffset(m_in.layer, tile.kvHead);
    const std::byte* end = values + filled * static_cast<std::size_t>(layout.headDim);
    for (; values < end; values += kStepAlignment) __builtin_prefetch(values);
}

// The tile's query heads and their KV head.
void Stage::rotateAndStore(const AttentionTile& tile) const {
    const auto rotate = m_in.style == RopeStyle::Interleaved ? m_kernels.ropeInterleaved : m_kernels.ropeNeox;
    const auto store = m_kernels.storeKv[isF32() ? 1 : 0];
    const KvLayout& layout = m_in.layout;
    const RopeTable& angles = m_in.angles;
    for (int at = 0; at < tile.rows; ++at) {
        const int row = tile.firstRow + at;
        const int position = tile.firstPosition + at;
        const float* cosines = angles.cosines + static_cast<std::ptrdiff_t>(row) * angles.pairs;
        const float* sines = angles.sines + static_cast<std::ptrdiff_t>(row) * angles.pairs;
        float* k = m_in.k.row(row) + tile.kvHead * layout.headDim;
        const float* v = m_in.v.row(row) + tile.kvHead * layout.headDim;
        rotate(m_in.q.row(row) + tile.kvHead * tileColumns(), m_plan.group, layout.headDim, angles.pairs, cosines, sines);
        rotate(k, 1, layout.headDim, angles.pairs, cosines, sines);
        std::byte* block = sequenceOf(tile).blocks[static_cast<std::size_t>(position / kBlockTokens)];
        store(k, v, layout.headDim, position % kBlockTokens, block + layout.kOffset(m_in.layer, tile.kvHead),
              block + layout.vOffset(m_in.layer, tile.kvHead));
    }
}

kernels::AttentionState Stage::kept(const AttentionTile& tile, int span) const {
    const std::size_t state = tile.kept + static_cast<std::size_t>(span) * static_cast<std::size_t>(tile.rows * m_plan.group);
    return {m_kept.m + state, m_kept.l + state, m_kept.o + static_cast<std::ptrdiff_t>(state) * m_plan.headDim};
}

void Stage::finish(const AttentionTile& tile, const kernels::AttentionState& state) const {
    const int firstColumn = tile.kvHead * tileColumns();
    m_kernels.attentionFinish(state, tile.rows, m_plan.group, m_plan.headDim, m_result.row(tile.firstRow) + firstColumn,
                              m_result.columns);
    if (!m_out.hasInt8 || tileColumns() % kernels::kGroup != 0) return;
    for (int row = tile.firstRow; row < tile.firstRow + tile.rows; ++row) {
        const kernels::TokenGroups groups = kernels::groupsOf(m_out.quantized, m_out.columns, row);
        m_kernels.quantizeRow(m_result.row(row) + firstColumn, tileColumns(),
                              kernels::groupsFrom(groups, firstColumn / kernels::kGroup));
    }
}

void Stage::attend(const AttentionTask& task, kernels::KvWalk* walk) const {
    const auto span = m_kernels.attentionSpan[isF32() ? 1 : 0];
    const AttentionTile& tile = m_plan.tiles[static_cast<std::size_t>(task.tile)];
    kernels::AttentionArgs args;
    args.q = m_in.q.row(tile.firstRow) + tile.kvHead * tileColumns();
    args.qRowStride = m_in.q.columns;
    args.rows = tile.rows;
    args.group = m_plan.group;
    args.headDim = m_plan.headDim;
    args.firstPosition = tile.firstPosition;
    args.scale = m_in.scale * kernels::kLog2e;
    args.blocks = sequenceOf(tile).blocks.data();
    args.kOffset = m_in.layout.kOffset(m_in.layer, tile.kvHead);
    args.vOffset = m_in.layout.vOffset(m_in.layer, tile.kvHead);
    args.walk = walk;
    if (tile.tasks > 1) {
        for (int at = task.firstSpan; at < task.lastSpan; ++at) span(args, at, kept(tile, at));
        return;
    }
    TileState state;
    TileState next;
    span(args, 0, state.view());
    for (int at = 1; at < tile.spans; ++at) {
        span(args, at, next.view());
        m_kernels.attentionMerge(state.view(), next.view(), tile.rows * m_plan.group, m_plan.headDim);
    }
    finish(tile, state.view());
}

void Stage::mergeKept(const AttentionTile& tile) const {
    if (tile.tasks == 1) return;
    for (int at = 1; at < tile.spans; ++at)
        m_kernels.attentionMerge(kept(tile, 0), kept(tile, at), tile.rows * m_plan.group, m_plan.headDim);
    finish(tile, kept(tile, 0));
}

}  // namespace

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

void Ops::attention(const AttentionInput& in, const Activation& out) {
    const AttentionPlan& plan = *m_plan;
    const Rows result = out.hasFloat ? out.rows : rows(in.q.count, in.q.columns);
    const int keptQueries = static_cast<int>(plan.keptQueries);
    const KeptStates kept = {rows(keptQueries, 1).values, rows(keptQueries, 1).values, rows(keptQueries, plan.headDim).values};
    const Stage stage(m_kernels, *m_batch, plan, in, result, out, kept);
    if (!plan.separateTiles) m_pool.run(plan.tiles.size(), [&](std::size_t index) { stage.rotateAndStore(plan.tiles[index]); });
    const AttentionWalk::Stage walkStage = {&plan, m_batch, &in.layout, in.layer, m_pool.threads(), ++m_stage};
    m_pool.run(plan.tasks.size(), [&](std::size_t index, std::size_t thread) {
        const AttentionTask& task = plan.tasks[index];
        if (plan.separateTiles) {
            if (index + 1 < plan.tiles.size()) stage.askForLastBlock(plan.tiles[index + 1]);
            stage.rotateAndStore(plan.tiles[index]);
        }
        const bool asks = plan.asksAhead && plan.tiles[static_cast<std::size_t>(task.tile)].rows == 1;
        stage.attend(task, asks ? m_walks[thread].at(walkStage, index) : nullptr);
    });
    if (keptQueries > 0) m_pool.run(plan.tiles.size(), [&](std::size_t index) { stage.mergeKept(plan.tiles[index]); });
    // Groups of columns that cross the tiles' bounds.
    if (out.hasInt8 && plan.group * plan.headDim % kernels::kGroup != 0)
        overRows(result.count, [&](int first, int last) { quantizeRows(result, first, last, out); });
}

}  // namespace larder::model
