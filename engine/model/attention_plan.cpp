#include "engine/model/attention_plan.h"

#include <algorithm>

#include "engine/kernels/attention.h"

namespace larder::model {
namespace {

// With fewer tasks than this for each thread, long contexts are cut by spans too.
constexpr std::size_t kTasksPerThread = 4;

// With fewer positions to attend to for each thread, all heads together, asking ahead costs more than it saves.
constexpr std::size_t kAskedPositions = 256;

int spansUpTo(int lastPosition) { return lastPosition / kernels::kSpanPositions + 1; }

}  // namespace

int maxTileQueries(int headDim) { return std::clamp(kMaxTileFloats / headDim, 1, kMaxTileQueries); }

void AttentionPlan::make(const Batch& batch, int heads, int kvHeads, int headSize, std::size_t threads) {
    group = heads / kvHeads;
    headDim = headSize;
    tiles.clear();
    tasks.clear();
    keptQueries = 0;
    const int tileRows = std::max(1, maxTileQueries(headDim) / group);

    const auto addTile = [&](std::size_t index, int head, int end, int rows) {
        const BatchSequence& sequence = batch.sequences[index];
        tiles.push_back({static_cast<int>(index), head, sequence.firstRow + end - rows, rows, sequence.firstPosition + end - rows,
                         spansUpTo(sequence.firstPosition + end - 1), 1, 0});
    };
    const bool decode = std::ranges::all_of(batch.sequences, [](const BatchSequence& sequence) { return sequence.rows == 1; });
    if (decode) {
        // Head after head: a thread then writes columns of its own, of all rows.
        for (int head = 0; head < kvHeads; ++head)
            for (std::size_t index = 0; index < batch.sequences.size(); ++index) addTile(index, head, 1, 1);
    } else {
        for (std::size_t index = 0; index < batch.sequences.size(); ++index) {
            // Later rows see more positions: start with the longest, so that no long task is left for the end.
            for (int end = batch.sequences[index].rows; end > 0; end -= std::min(tileRows, end))
                for (int head = 0; head < kvHeads; ++head) addTile(index, head, end, std::min(tileRows, end));
        }
    }

    const std::size_t wanted = kTasksPerThread * threads;
    const bool fewTiles = threads > 1 && tiles.size() < wanted;
    for (std::size_t index = 0; index < tiles.size(); ++index) {
        AttentionTile& tile = tiles[index];
        if (fewTiles) tile.tasks = std::min(tile.spans, static_cast<int>((wanted + tiles.size() - 1) / tiles.size()));
        for (int part = 0; part < tile.tasks; ++part)
            tasks.push_back({static_cast<int>(index), tile.spans * part / tile.tasks, tile.spans * (part + 1) / tile.tasks});
        if (tile.tasks > 1) {
            tile.kept = keptQueries;
            keptQueries += static_cast<std::size_t>(tile.spans) * static_cast<std::size_t>(tile.rows * group);
        }
    }
    std::size_t positions = 0;
    for (const AttentionTile& tile : tiles)
        if (tile.rows == 1) positions += static_cast<std::size_t>(tile.firstPosition) + 1;
    asksAhead = positions >= kAskedPositions * threads;
    separateTiles = decode && keptQueries == 0;
}

}  // namespace larder::model
