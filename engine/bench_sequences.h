// Sequences over one model that are fed with made-up tokens: what requests cost without server and sampling.
// One thread; the model outlives it.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "engine/kv/kv_cache.h"
#include "engine/model/model.h"

namespace larder {

class BenchSequences {
public:
    // With room for so many KV blocks; OutOfMemory when the system has none.
    static Expected<BenchSequences> create(model::Model& model, std::size_t blocks);

    // Computes `depth` tokens of each of so many fresh sequences in chunks like the server's, with room for `room` more.
    // REQUIRES enough blocks for depth + room tokens each.
    void prepare(int sequences, int depth, int room);

    // One more token for every sequence.
    void decode();

    // Back to `depth` tokens each, as after prepare().
    void rewind(int depth) { m_depth = depth; }

    std::span<const float> logits() const { return m_logits; }  // of what was computed last: [sequences, vocabulary]

private:
    BenchSequences(model::Model& model, std::unique_ptr<kv::KvCache> cache) : m_model(&model), m_cache(std::move(cache)) {}
    void extend(std::size_t sequence, int tokens);
    void forward(const model::Batch& batch);
    TokenId token(int position) const;

    model::Model* m_model;
    std::unique_ptr<kv::KvCache> m_cache;
    std::vector<kv::KvLease> m_leases;
    std::vector<float> m_logits;
    int m_depth = 0;  // tokens in every sequence
};

}  // namespace larder
