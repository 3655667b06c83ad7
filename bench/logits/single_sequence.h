// A model with one sequence in its KV cache, for measuring what the forward pass computes: no scheduler, no sampler.
// One thread. Threads: as many as the machine has cores; instruction set: LARDER_ISA, else the best.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/thread_pool.h"
#include "engine/error.h"
#include "engine/kv/kv_cache.h"
#include "engine/model/model.h"

namespace larder::bench {

class SingleSequence {
public:
    // capacityTokens: the most positions that append() may reach.
    static Expected<SingleSequence> open(const std::filesystem::path& path, KvType kvType, std::size_t capacityTokens);

    // Computes the tokens at the next positions. Logits of all of them, [tokens, vocabulary], or of the last only.
    std::vector<float> append(std::span<const TokenId> tokens, bool lastOnly);

    const model::Model& model() const { return *m_model; }

private:
    SingleSequence() = default;
    std::unique_ptr<base::ThreadPool> m_pool;
    std::unique_ptr<model::Model> m_model;
    std::unique_ptr<kv::KvCache> m_cache;
    std::optional<kv::KvLease> m_lease;
    int m_filled = 0;
};

// The ids in a file like text_500.json: an array, or an object with "tokens".
Expected<std::vector<TokenId>> readTokens(const std::filesystem::path& path);

}  // namespace larder::bench
