#include "engine/kv/kv_size.h"

#include <gtest/gtest.h>

namespace larder::kv {
namespace {

TEST(KvSizes, CountWholePagesOfWholeBlocks) {
    constexpr std::size_t kPage = 4096;
    const KvShape plain{.groups = {{.blockBytes = 100}}};
    EXPECT_EQ(kvBytesOf(plain, 0, 512), 0u);
    EXPECT_EQ(kvBytesOf(plain, 1, 512), kPage);
    EXPECT_EQ(kvBytesOf(plain, 64, 512), kPage);
    EXPECT_EQ(kvBytesOf(plain, 65, 512), 2 * kPage);
    EXPECT_EQ(kvTokensWithin(plain, 2 * kPage - 1, 1000, 512), 64u);
    EXPECT_EQ(kvTokensWithin(plain, kPage - 1, 1000, 512), 0u);
    EXPECT_EQ(kvTokensWithin(plain, 2 * kPage, 100, 512), 100u) << "all that was asked for";
    const KvShape mixed{.groups = {{.blockBytes = 2 * kPage}, {.blockBytes = kPage + 1, .windowTokens = 100}}, .stateBytes = 7};
    // 100 tokens and a step of 512 touch at most 11 blocks of the window's group.
    EXPECT_EQ(kvBytesOf(mixed, 640, 512), (10 * 2 + 11 * 2 + 1) * kPage);
    EXPECT_EQ(kvTokensWithin(mixed, (10 * 2 + 11 * 2 + 1) * kPage, 64'000, 512), 640u);
    EXPECT_EQ(kvTokensWithin(mixed, 20 * kPage, 64'000, 512), 0u) << "not even the window";
}

}  // namespace
}  // namespace larder::kv
