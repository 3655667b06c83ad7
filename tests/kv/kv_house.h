// A KV cache of any of the shapes that models have, with or without a disk behind it, used as a scheduler uses it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "engine/kv/kv_cache.h"
#include "tests/kv/kv_writer.h"

namespace larder::kv {

inline KvShape plainShape() {
    return {.groups = {{.blockBytes = kMarkedBlockBytes}}, .stateBytes = 0};
}

inline KvShape windowShape() {
    return {.groups = {{.blockBytes = kMarkedBlockBytes}, {.blockBytes = kMarkedBlockBytes, .windowTokens = 100},
                       {.blockBytes = kMarkedBlockBytes, .windowTokens = 64}},
            .stateBytes = 0};
}

inline KvShape hybridShape() {
    return {.groups = {{.blockBytes = kMarkedBlockBytes}}, .stateBytes = kMarkBytes};
}

inline KvShape recurrentShape() {
    return {.groups = {{.blockBytes = 0}}, .stateBytes = kMarkBytes};
}

inline KvShape everythingShape() {
    KvShape shape = windowShape();
    shape.stateBytes = kMarkBytes;
    return shape;
}

inline std::vector<TokenId> tokensFrom(std::size_t count, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<TokenId> tokens(count);
    for (TokenId& token : tokens) token = static_cast<TokenId>(random() % 50);
    if (!tokens.empty()) tokens.front() = static_cast<TokenId>(1000 + seed);  // no two seeds begin alike
    return tokens;
}

inline std::vector<TokenId> joined(std::vector<TokenId> first, const std::vector<TokenId>& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

struct House {
    explicit House(KvShape theShape, std::size_t blocks = 200, ColdStore* cold = nullptr)
        : shape(std::move(theShape)), tier(blocks * 4096, 0, cold), cache(std::move(KvCache::create(shape, {1, 2}, tier, 128)).value()) {}

    // As a scheduler does it: acquire, compute the rest in steps, leave the lease.
    KvLease compute(const std::vector<TokenId>& tokens, Keep keep = Keep::Known) {
        KvLease lease = cache->acquire(tokens, tokens.size(), keep).value();
        expectMarks(lease, shape, tokens, lease.cachedTokens());
        advance(lease, tokens, lease.cachedTokens(), tokens.size());
        return lease;
    }
    void advance(KvLease& lease, const std::vector<TokenId>& tokens, std::size_t from, std::size_t to) {
        while (from < to) {
            const std::size_t next = std::min(from + 100, to);
            ASSERT_TRUE(lease.grow(tokens.size()));
            writeMarks(lease, shape, tokens, from, next);
            lease.commit(tokens, next);
            expectMarks(lease, shape, tokens, next);
            from = next;
        }
        EXPECT_EQ(cache->checkIntegrity(), "");
    }
    std::size_t cached(const std::vector<TokenId>& tokens) {
        auto lease = cache->acquire(tokens, tokens.size());
        if (!lease) return 0;
        expectMarks(*lease, shape, tokens, lease->cachedTokens());
        return lease->cachedTokens();
    }

    KvShape shape;
    HotTier tier;
    std::unique_ptr<KvCache> cache;
};

}  // namespace larder::kv
