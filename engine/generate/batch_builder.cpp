#include "engine/generate/batch_builder.h"

#include <cassert>

namespace larder::generate {

const model::Batch& BatchBuilder::build(std::span<const Chunk> chunks) {
    m_batch.tokens.clear();
    m_batch.sequences.clear();
    m_batch.logitRows.clear();
    m_uses.clear();
    for (const auto& [sequence, rows] : chunks) {
        const std::size_t first = sequence->computed;
        const std::size_t last = first + rows;
        assert(rows > 0 && last <= sequence->tokens.size() && last <= sequence->lease.capacityTokens());
        const std::size_t firstRow = m_batch.tokens.size();
        m_batch.tokens.insert(m_batch.tokens.end(), sequence->tokens.begin() + static_cast<std::ptrdiff_t>(first),
                              sequence->tokens.begin() + static_cast<std::ptrdiff_t>(last));
        m_batch.sequences.push_back({.firstRow = static_cast<int>(firstRow),
                                     .rows = static_cast<int>(rows),
                                     .firstPosition = static_cast<int>(first),
                                     .blocks = sequence->lease.blocks(),
                                     .windows = sequence->lease.windows(),
                                     .state = sequence->lease.state()});
        for (std::size_t position = first; position < last; ++position) {
            const bool forPrompt = sequence->wantsPromptLogprobs(position);
            if (!forPrompt && position + 1 != sequence->tokens.size()) continue;
            m_batch.logitRows.push_back(static_cast<int>(firstRow + position - first));
            m_uses.push_back({.sequence = sequence, .position = position, .forPrompt = forPrompt});
        }
    }
    return m_batch;
}

}  // namespace larder::generate
