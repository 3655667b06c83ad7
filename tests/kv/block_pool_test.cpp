#include "engine/kv/block_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <map>
#include <random>

namespace larder::kv {
namespace {

std::uint32_t number(BlockId block) {
    return static_cast<std::uint32_t>(block);
}

TEST(BlockPool, HandsOutTheLowestNumberFirst) {
    auto pool = std::move(BlockPool::create(100, 4)).value();
    for (std::uint32_t expected = 0; expected < 4; ++expected) EXPECT_EQ(number(*pool->allocate()), expected);
    EXPECT_FALSE(pool->allocate().has_value());
    pool->release(BlockId{2});
    pool->release(BlockId{0});
    EXPECT_EQ(number(*pool->allocate()), 0u);
    EXPECT_EQ(number(*pool->allocate()), 2u);
    for (std::uint32_t i = 0; i < 4; ++i) pool->release(BlockId{i});
    EXPECT_EQ(pool->freeBlocks(), 4u);
    EXPECT_EQ(pool->checkIntegrity(), "");
}

TEST(BlockPool, BlocksArePageAlignedAndDoNotOverlap) {
    auto pool = std::move(BlockPool::create(5000, 8)).value();
    for (std::uint32_t i = 0; i < 8; ++i) std::memset(pool->data(*pool->allocate()), static_cast<int>(i), 5000);
    for (std::uint32_t i = 0; i < 8; ++i) {
        const std::byte* data = pool->data(BlockId{i});
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(data) % 4096, 0u);
        EXPECT_TRUE(std::all_of(data, data + 5000, [i](std::byte b) { return b == std::byte(i); }));
        pool->release(BlockId{i});
    }
}

TEST(BlockPool, ABlockIsFreeWhenItsLastReferenceGoes) {
    auto pool = std::move(BlockPool::create(64, 1)).value();
    const BlockId block = *pool->allocate();
    pool->retain(block);
    pool->release(block);
    EXPECT_FALSE(pool->allocate().has_value());
    pool->release(block);
    EXPECT_TRUE(pool->allocate().has_value());
    pool->release(block);
}

TEST(BlockPool, PreparedBlocksComeNextAndGoBack) {
    constexpr std::size_t kBlockBytes = std::size_t{1} << 20;
    auto pool = std::move(BlockPool::create(kBlockBytes, 10)).value();
    EXPECT_FALSE(pool->prepare(0));
    EXPECT_TRUE(pool->prepare(3 * kBlockBytes));  // two at once
    EXPECT_EQ(pool->touchedBytes(), 2 * kBlockBytes);
    EXPECT_TRUE(pool->prepare(3 * kBlockBytes));
    EXPECT_FALSE(pool->prepare(3 * kBlockBytes));
    EXPECT_EQ(pool->touchedBytes(), 4 * kBlockBytes);
    // They are what comes next.
    for (std::uint32_t i = 0; i < 4; ++i) EXPECT_EQ(number(*pool->allocate()), i);
    EXPECT_EQ(pool->touchedBytes(), 4 * kBlockBytes);
    EXPECT_EQ(pool->usedBlocks(), 4u);
    EXPECT_EQ(pool->checkIntegrity(), "");
    // A free one that was used before is as ready.
    pool->release(BlockId{1});
    EXPECT_FALSE(pool->prepare(kBlockBytes));
    EXPECT_TRUE(pool->prepare(2 * kBlockBytes));
    EXPECT_EQ(pool->touchedBytes(), 6 * kBlockBytes);
    pool->discardFree();
    EXPECT_EQ(pool->touchedBytes(), 3 * kBlockBytes);
    EXPECT_EQ(pool->checkIntegrity(), "");
    while (pool->prepare(100 * kBlockBytes)) {
    }
    EXPECT_EQ(pool->touchedBytes(), 9 * kBlockBytes);  // all but the one that was given back
    EXPECT_EQ(pool->freeBlocks(), 7u);
    while (const auto block = pool->allocate()) std::memset(pool->data(*block), 1, kBlockBytes);
    EXPECT_EQ(pool->checkIntegrity(), "");
    for (std::uint32_t i = 0; i < 10; ++i) pool->release(BlockId{i});
}

TEST(BlockPool, RefusesWhatCannotBe) {
    for (const auto& [bytes, blocks] :
         std::initializer_list<std::pair<std::size_t, std::size_t>>{{4096, 0},
                                                                    {std::size_t{1} << 40, std::size_t{1} << 20},
                                                                    {SIZE_MAX, 2},
                                                                    {SIZE_MAX - 5000, 1},
                                                                    {1, std::size_t{1} << 40}}) {
        const auto pool = BlockPool::create(bytes, blocks);
        ASSERT_FALSE(pool.ok()) << bytes << " x " << blocks;
        EXPECT_EQ(pool.error().code, ErrorCode::OutOfMemory);
        EXPECT_NE(pool.error().message.find("--hot-cache"), std::string::npos);
    }
}

#ifdef __linux__
std::size_t residentPages() {
    std::size_t all = 0;
    std::size_t resident = 0;
    std::ifstream("/proc/self/statm") >> all >> resident;
    return resident;
}

TEST(BlockPool, MemoryIsTakenWhenTouched) {
    const std::size_t before = residentPages();
    auto pool = std::move(BlockPool::create(std::size_t{1} << 20, 1024)).value();
    const BlockId block = *pool->allocate();
    std::memset(pool->data(block), 1, pool->blockBytes());
    EXPECT_LT(residentPages() - before, std::size_t{64} << 20 >> 12) << "of 1 GiB";
    pool->release(block);
}
#endif

TEST(BlockPool, HoldsItsInvariantThroughRandomOperations) {
    std::mt19937 random(7);
    auto pool = std::move(BlockPool::create(64, 50)).value();
    std::map<std::uint32_t, int> references;  // what must be
    const auto pick = [&] {
        return std::next(references.begin(), static_cast<long>(random() % references.size()))->first;
    };
    for (int step = 0; step < 100000; ++step) {
        // Phases that mostly take and mostly give, so that both ends are met often.
        const bool takes = random() % 10 < ((step / 500) % 2 == 0 ? 7u : 3u);
        if (takes && random() % 3 != 0) {
            std::uint32_t lowest = 0;
            while (references.contains(lowest)) ++lowest;
            const auto block = pool->allocate();
            ASSERT_EQ(block.has_value(), lowest < 50u);
            if (!block) continue;
            ASSERT_EQ(number(*block), lowest);
            references[lowest] = 1;
        } else if (!references.empty()) {
            const std::uint32_t block = pick();
            if (takes) {
                pool->retain(BlockId{block});
                ++references[block];
            } else {
                pool->release(BlockId{block});
                if (--references[block] == 0) references.erase(block);
            }
        }
        ASSERT_EQ(pool->freeBlocks(), 50 - references.size());
        ASSERT_EQ(pool->checkIntegrity(), "") << "step " << step;
    }
    for (const auto& [block, count] : references) {
        for (int i = 0; i < count; ++i) pool->release(BlockId{block});
    }
    EXPECT_EQ(pool->freeBlocks(), 50u);
}

}  // namespace
}  // namespace larder::kv
