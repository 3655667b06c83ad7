#include "engine/model/ops_attention_walk.h"

#include <algorithm>
#include <limits>

namespace larder::model {
namespace {

constexpr int kSpanBlocks = kernels::kSpanPositions / kernels::kBlockPositions;

}  // namespace

kernels::KvWalk* AttentionWalk::at(const Stage& stage, std::size_t index) {
    if (m_stage.number != stage.number || m_reader + 1 != index) {
        m_stage = stage;
        restart(index);
    }
    m_reader = index;
    return &m_walk;
}

void AttentionWalk::restart(std::size_t index) {
    m_walk.owner = this;
    m_walk.more = more;
    m_walk.first = m_walk.count = m_walk.ready = m_walk.ahead = 0;
    // The pool gives each thread a range; what comes after it is another one's.
    const std::size_t tasks = m_stage.plan->tasks.size();
    for (std::size_t thread = 0; thread < m_stage.threads; ++thread) {
        m_end = tasks * (thread + 1) / m_stage.threads;
        if (index < m_end) break;
    }
    nextTask(index);
}

void AttentionWalk::nextTask(std::size_t index) {
    m_task = index;
    if (index >= m_end) return;
    const AttentionTask& task = m_stage.plan->tasks[index];
    const AttentionTile& tile = m_stage.plan->tiles[static_cast<std::size_t>(task.tile)];
    m_block = task.firstSpan * kSpanBlocks;
    m_blocks = std::min(task.lastSpan * kSpanBlocks, (tile.firstPosition + tile.rows - 1) / kBlockTokens + 1);
    m_atValues = false;
}

void AttentionWalk::more(kernels::KvWalk& walk) { static_cast<Walk&>(walk).owner->append(); }

void AttentionWalk::append() {
    std::copy(m_walk.runs + m_walk.first, m_walk.runs + m_walk.count, m_walk.runs);
    m_walk.count -= m_walk.first;
    m_walk.first = 0;
    while (m_walk.count < kernels::KvWalk::kMostRuns) {
        if (m_task >= m_end) {
            // For ever the same line, which is at hand.
            m_walk.runs[m_walk.count++] = {reinterpret_cast<const std::byte*>(this), 0, 0, std::numeric_limits<int>::max()};
            m_walk.ready = std::numeric_limits<int>::max();
            return;
        }
        appendHalf();
    }
}

// The keys or the values of a block, as far as it is filled.
void AttentionWalk::appendHalf() {
    const AttentionTile& tile = m_stage.plan->tiles[static_cast<std::size_t>(m_stage.plan->tasks[m_task].tile)];
    const KvLayout& layout = *m_stage.layout;
    const std::byte* block = m_stage.batch->sequences[static_cast<std::size_t>(tile.sequence)].blocks[static_cast<std::size_t>(m_block)];
    const int elementBytes = static_cast<int>(layout.elementBytes());
    const int filled = std::min(tile.firstPosition + tile.rows - m_block * kBlockTokens, kBlockTokens);
    kernels::KvRun run;
    if (m_atValues) {
        run = {block + layout.vOffset(m_stage.layer, tile.kvHead), 64, 128, kernels::kvValueSteps(filled, layout.headDim, elementBytes)};
        m_atValues = false;
        if (++m_block == m_blocks) nextTask(m_task + 1);
    } else {
        const std::ptrdiff_t rowBytes = static_cast<std::ptrdiff_t>(kBlockTokens) * elementBytes;
        const int lines = kernels::kvKeyLines(filled, elementBytes);
        run = {block + layout.kOffset(m_stage.layer, tile.kvHead), 64, 128, kernels::kvKeySteps(filled, layout.headDim, elementBytes)};
        if (lines == 1) run.second = rowBytes, run.stride = 2 * rowBytes;
        if (lines == 2) run.stride = rowBytes;
        m_atValues = true;
    }
    m_walk.runs[m_walk.count++] = run;
    m_walk.ready += run.steps;
}

}  // namespace larder::model
