#include "engine/generate/prefix_check.h"

#include <cassert>
#include <cstring>
#include <utility>

namespace larder::generate {

Expected<std::unique_ptr<PrefixCheck>> PrefixCheck::begin(model::Model& model, kv::KvCache& cache, std::vector<TokenId> tokens) {
    assert(!tokens.empty() && tokens.size() % kBlockTokens == 0);
    if (cache.shape().groups.size() > 1 || cache.shape().stateBytes > 0)
        return Error{ErrorCode::Unsupported, "prefixes of models with sliding windows or a recurrent state cannot be imported yet"};
    auto lease = cache.acquire({}, tokens.size(), kv::Keep::Nothing);
    if (!lease)
        return Error{ErrorCode::OutOfMemory, "the hot cache has no room for the " + std::to_string(tokens.size()) +
                                                 " tokens of this prefix now; try again when less runs, or raise --hot-cache"};
    return std::unique_ptr<PrefixCheck>(new PrefixCheck(model, cache, std::move(tokens), std::move(*lease)));
}

PrefixCheck::PrefixCheck(model::Model& model, kv::KvCache& cache, std::vector<TokenId> tokens, kv::KvLease lease)
    : m_model(model), m_blockBytes(cache.shape().groups.front().blockBytes), m_tokens(std::move(tokens)), m_lease(std::move(lease)) {}

void PrefixCheck::fill(std::size_t block, std::span<const std::byte> payload) {
    assert(block + 1 < blocks() && payload.size() == m_blockBytes);
    std::memcpy(m_lease.blocks()[block], payload.data(), payload.size());
}

bool PrefixCheck::matches(std::span<const std::byte> payload) {
    const std::size_t first = m_tokens.size() - kBlockTokens;
    model::Batch batch;
    batch.tokens.assign(m_tokens.begin() + static_cast<std::ptrdiff_t>(first), m_tokens.end());
    batch.sequences.push_back({.firstRow = 0, .rows = kBlockTokens, .firstPosition = static_cast<int>(first), .blocks = m_lease.blocks()});
    m_model.forward(batch, {});
    return payload.size() == m_blockBytes && std::memcmp(m_lease.blocks()[blocks() - 1], payload.data(), payload.size()) == 0;
}

}  // namespace larder::generate
