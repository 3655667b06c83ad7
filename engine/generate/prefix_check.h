// Whether KV that came from elsewhere is what this model computes (design §5.12): one block is computed anew on top of the
// foreign ones before it, and compared bit by bit. Nothing of it becomes known to others. Engine thread only; dies before
// its lane's cache.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "engine/error.h"
#include "engine/kv/kv_cache.h"
#include "engine/model/model.h"
#include "engine/types.h"

namespace larder::generate {

class PrefixCheck {
public:
    // tokens: whole blocks; the last one will be computed. Unsupported: a model with windows or a state, whose blocks do not
    // stand for themselves. OutOfMemory: no room for so many blocks now. Both outlive it.
    static Expected<std::unique_ptr<PrefixCheck>> begin(model::Model& model, kv::KvCache& cache, std::vector<TokenId> tokens);

    std::size_t blocks() const { return m_tokens.size() / kBlockTokens; }
    void fill(std::size_t block, std::span<const std::byte> payload);  // REQUIRES a block before the last, [blockBytes]
    bool matches(std::span<const std::byte> payload);                  // of the last one. Takes a step

private:
    PrefixCheck(model::Model& model, kv::KvCache& cache, std::vector<TokenId> tokens, kv::KvLease lease);
    model::Model& m_model;
    std::size_t m_blockBytes;
    std::vector<TokenId> m_tokens;
    kv::KvLease m_lease;
};

}  // namespace larder::generate
