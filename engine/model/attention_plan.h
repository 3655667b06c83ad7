// How one step's attention is cut into tasks: by sequence, KV head and a tile of rows, and for long contexts with few
// tiles also by ranges of 256-position spans, whose states are all kept and merged afterwards, one span after the other
// in ascending order (merging is not associative in floating point). The same plan serves every layer.
// The cut decides only who computes what: the bits are the same for any plan (kernels/attention.h).
#pragma once

#include <cstddef>
#include <vector>

#include "engine/model/batch.h"

namespace larder::model {

// Queries of one KV head: rows [firstRow, firstRow + rows) of the batch, all of one sequence.
struct AttentionTile {
    int sequence = 0;
    int kvHead = 0;
    int firstRow = 0;
    int rows = 0;
    int firstPosition = 0;
    int spans = 0;           // 256-position spans its last row sees
    int tasks = 0;           // how many tasks share it
    std::size_t kept = 0;    // with several tasks: first of its spans * queries kept states, span after span
};

struct AttentionTask {
    int tile = 0;
    int firstSpan = 0;
    int lastSpan = 0;        // half-open
};

struct AttentionPlan {
    std::vector<AttentionTile> tiles;
    std::vector<AttentionTask> tasks;
    bool separateTiles = false;   // no tile sees keys that another one's rows bring: rows of one a sequence, one task a tile
    bool asksAhead = false;       // enough to read for one row of a sequence each that asking for it ahead pays
    std::size_t keptQueries = 0;  // states to keep, for tiles of several tasks
    int group = 1;                // query heads per KV head
    int headDim = 0;

    // REQUIRES queries of a tile (rows * group) <= maxTileQueries(headDim), which this guarantees.
    void make(const Batch& batch, int heads, int kvHeads, int headSize, std::size_t threads);
};

// A tile's running state lies on the stack of a compute thread; a single row's queries must fit too.
inline constexpr int kMaxTileFloats = 8192;  // queries * headDim
inline constexpr int kMaxTileQueries = 96;
int maxTileQueries(int headDim);

}  // namespace larder::model
