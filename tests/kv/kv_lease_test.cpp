#include "engine/kv/kv_lease.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <utility>
#include <vector>

#include "engine/kv/kv_cache.h"

namespace larder::kv {
namespace {

std::size_t leasedBlocks(const KvCache& cache) {
    return cache.leasedBytes() / 4096;
}

TEST(KvLease, GrowsByWholeBlocksAndKeepsWhatWasThere) {
    auto cache = std::move(KvCache::create(64, 4)).value();
    KvLease lease = cache->acquire({}, 0).value();
    EXPECT_TRUE(lease.grow(0));
    EXPECT_EQ(lease.capacityTokens(), 0u);
    EXPECT_TRUE(lease.grow(1));
    EXPECT_EQ(lease.capacityTokens(), 64u);
    const std::byte* first = lease.blocks()[0];
    EXPECT_TRUE(lease.grow(64));
    EXPECT_EQ(leasedBlocks(*cache), 1u);
    EXPECT_TRUE(lease.grow(65));
    EXPECT_EQ(lease.blocks().size(), 2u);
    EXPECT_TRUE(lease.grow(3));  // never shrinks
    EXPECT_EQ(lease.capacityTokens(), 128u);
    EXPECT_EQ(lease.blocks()[0], first);
}

TEST(KvLease, GrowsWholeOrNotAtAll) {
    auto cache = std::move(KvCache::create(64, 3)).value();
    KvLease lease = cache->acquire({}, 100).value();
    EXPECT_FALSE(lease.grow(64 * 3 + 1));
    EXPECT_EQ(lease.capacityTokens(), 128u);
    EXPECT_EQ(leasedBlocks(*cache), 2u);
    EXPECT_TRUE(lease.grow(64 * 3));
}

TEST(KvLease, MovesAndGivesBack) {
    auto cache = std::move(KvCache::create(64, 8)).value();
    {
        KvLease a = cache->acquire({}, 200).value();
        KvLease b(std::move(a));
        EXPECT_EQ(a.capacityTokens(), 0u);  // NOLINT: the moved-from state is part of the contract
        EXPECT_EQ(b.capacityTokens(), 256u);
        KvLease c = cache->acquire({}, 64).value();
        c = std::move(b);
        EXPECT_EQ(leasedBlocks(*cache), 4u);
        KvLease& itself = c;
        c = std::move(itself);
        EXPECT_EQ(c.capacityTokens(), 256u);
        c.release();
        EXPECT_EQ(leasedBlocks(*cache), 0u);
        EXPECT_TRUE(c.blocks().empty());
    }
    EXPECT_EQ(cache->usedBytes(), 0u);
    EXPECT_EQ(cache->checkIntegrity(), "");
}

TEST(KvCache, LeasesWhatItHasOrNothing) {
    auto cache = std::move(KvCache::create(64, 4)).value();
    EXPECT_EQ(cache->capacityTokens(), 256u);
    const std::vector<TokenId> prompt(10, 1);
    auto first = cache->acquire(prompt, 129);
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(first->capacityTokens(), 192u);
    EXPECT_EQ(first->cachedTokens(), 0u);
    EXPECT_FALSE(cache->acquire(prompt, 65).has_value());
    EXPECT_EQ(leasedBlocks(*cache), 3u);
    EXPECT_TRUE(cache->acquire(prompt, 64).has_value());
    first.reset();
    EXPECT_EQ(leasedBlocks(*cache), 0u);
    EXPECT_TRUE(cache->acquire(prompt, 256).has_value());
}

TEST(KvCache, NoBlockIsInTwoLeases) {
    std::mt19937 random(11);
    auto cache = std::move(KvCache::create(64, 40)).value();
    std::vector<KvLease> leases;
    for (int step = 0; step < 20000; ++step) {
        const std::size_t tokens = random() % 700;
        const std::size_t which = leases.empty() ? 0 : random() % leases.size();
        switch (random() % 3) {
            case 0:
                if (auto lease = cache->acquire({}, tokens)) leases.push_back(std::move(*lease));
                break;
            case 1:
                if (!leases.empty()) (void)leases[which].grow(tokens);
                break;
            default:
                if (!leases.empty()) leases.erase(leases.begin() + static_cast<long>(which));
        }
        std::set<const std::byte*> seen;
        std::size_t held = 0;
        for (const KvLease& lease : leases) {
            held += lease.blocks().size();
            seen.insert(lease.blocks().begin(), lease.blocks().end());
        }
        ASSERT_EQ(seen.size(), held);
        ASSERT_EQ(leasedBlocks(*cache), held);
        ASSERT_EQ(cache->checkIntegrity(), "");
    }
    leases.clear();
    EXPECT_EQ(leasedBlocks(*cache), 0u);
}

}  // namespace
}  // namespace larder::kv
