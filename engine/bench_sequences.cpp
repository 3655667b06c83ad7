#include "engine/bench_sequences.h"

#include <algorithm>
#include <cstdint>

namespace larder {
namespace {

constexpr int kChunkTokens = 512;

}  // namespace

Expected<BenchSequences> BenchSequences::create(model::Model& model, std::size_t blocks) {
    auto cache = kv::KvCache::create(model.kvLayout().blockBytes(), blocks);
    if (!cache) return cache.error();
    return BenchSequences(model, std::move(*cache));
}

void BenchSequences::prepare(int sequences, int depth, int room) {
    m_leases.clear();
    for (int index = 0; index < sequences; ++index)
        m_leases.push_back(m_cache->acquire({}, static_cast<std::size_t>(depth + room)).value());
    for (std::size_t index = 0; index < m_leases.size(); ++index) extend(index, depth);
    m_depth = depth;
}

void BenchSequences::decode() {
    model::Batch batch;
    for (std::size_t index = 0; index < m_leases.size(); ++index) {
        const int row = static_cast<int>(index);
        batch.tokens.push_back(token(m_depth + row));
        batch.sequences.push_back({row, 1, m_depth, m_leases[index].blocks()});
        batch.logitRows.push_back(row);
    }
    forward(batch);
    ++m_depth;
}

void BenchSequences::extend(std::size_t sequence, int tokens) {
    for (int first = 0; first < tokens; first += kChunkTokens) {
        const int count = std::min(kChunkTokens, tokens - first);
        model::Batch batch;
        for (int position = first; position < first + count; ++position) batch.tokens.push_back(token(position));
        batch.sequences.push_back({0, count, first, m_leases[sequence].blocks()});
        if (first + count == tokens) batch.logitRows.push_back(count - 1);
        forward(batch);
    }
}

void BenchSequences::forward(const model::Batch& batch) {
    m_logits.resize(batch.logitRows.size() * static_cast<std::size_t>(m_model->vocabulary()));
    m_model->forward(batch, m_logits);
}

// Spread over the vocabulary, the same everywhere.
TokenId BenchSequences::token(int position) const {
    return static_cast<TokenId>((static_cast<std::int64_t>(position) * 7919 + 17) % m_model->vocabulary());
}

}  // namespace larder
