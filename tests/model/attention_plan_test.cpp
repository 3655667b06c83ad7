#include "engine/model/attention_plan.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "engine/kernels/attention.h"

namespace larder::model {
namespace {

Batch batchOf(std::initializer_list<std::pair<int, int>> rowsAndPositions) {
    Batch batch;
    for (const auto& [rows, position] : rowsAndPositions) {
        batch.sequences.push_back({static_cast<int>(batch.tokens.size()), rows, position, {}});
        batch.tokens.resize(batch.tokens.size() + static_cast<std::size_t>(rows));
    }
    return batch;
}

// Every (row, head) in exactly one tile; every span of a tile in exactly one of its tasks; kept states apart.
void expectComplete(const Batch& batch, int heads, int kvHeads, int headDim, std::size_t threads) {
    AttentionPlan plan;
    plan.make(batch, heads, kvHeads, headDim, threads);
    std::set<std::pair<int, int>> seen;
    std::set<std::size_t> states;
    std::map<int, int> nextSpan;
    for (const AttentionTask& task : plan.tasks) {
        EXPECT_EQ(task.firstSpan, nextSpan[task.tile]) << "tasks of a tile are in order";
        EXPECT_LT(task.firstSpan, task.lastSpan);
        nextSpan[task.tile] = task.lastSpan;
    }
    for (std::size_t index = 0; index < plan.tiles.size(); ++index) {
        const AttentionTile& tile = plan.tiles[index];
        const BatchSequence& sequence = batch.sequences[static_cast<std::size_t>(tile.sequence)];
        EXPECT_EQ(tile.firstPosition - sequence.firstPosition, tile.firstRow - sequence.firstRow);
        EXPECT_LE(tile.rows * plan.group * headDim, kMaxTileFloats);
        EXPECT_EQ(tile.spans, (tile.firstPosition + tile.rows - 1) / kernels::kSpanPositions + 1);
        EXPECT_EQ(nextSpan[static_cast<int>(index)], tile.spans);
        for (int row = tile.firstRow; row < tile.firstRow + tile.rows; ++row)
            EXPECT_TRUE(seen.emplace(row, tile.kvHead).second) << "row " << row << " twice";
        if (tile.tasks == 1) continue;
        for (int state = 0; state < tile.spans * tile.rows * plan.group; ++state) {
            EXPECT_TRUE(states.insert(tile.kept + static_cast<std::size_t>(state)).second);
            EXPECT_LT(tile.kept + static_cast<std::size_t>(state), plan.keptQueries);
        }
    }
    EXPECT_EQ(seen.size(), batch.tokens.size() * static_cast<std::size_t>(kvHeads));
    EXPECT_EQ(states.size(), plan.keptQueries);
}

TEST(AttentionPlan, CoversEveryRowHeadAndSpanOnce) {
    for (const std::size_t threads : {1u, 2u, 16u}) {
        expectComplete(batchOf({{1, 0}}), 9, 3, 64, threads);
        expectComplete(batchOf({{1, 5000}}), 9, 3, 64, threads);
        expectComplete(batchOf({{512, 0}}), 9, 3, 64, threads);
        expectComplete(batchOf({{1, 255}, {1, 256}, {300, 700}, {1, 9000}}), 32, 8, 128, threads);
        expectComplete(batchOf({{17, 250}, {3, 60}}), 8, 1, 256, threads);
        expectComplete(batchOf({{5, 1023}}), 32, 1, 256, threads);
    }
}

TEST(AttentionPlan, CutsADeepDecodeByspansSoThatEveryThreadHasWork) {
    AttentionPlan plan;
    plan.make(batchOf({{1, 8000}}), 9, 3, 64, 2);
    EXPECT_GE(plan.tasks.size(), 8u);
}

}  // namespace
}  // namespace larder::model
