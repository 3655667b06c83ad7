#include "engine/base/secret.h"

#include <gmock/gmock.h>

#include <set>

namespace larder::base {
namespace {

TEST(RandomHex, IsHexOfTheAskedLengthAndNeverTheSame) {
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) {
        const std::string hex = randomHex(16);
        EXPECT_EQ(hex.size(), 32u);
        EXPECT_EQ(hex.find_first_not_of("0123456789abcdef"), std::string::npos);
        EXPECT_TRUE(seen.insert(hex).second);
    }
    EXPECT_EQ(randomHex(0), "");
    EXPECT_EQ(randomHex(1000).size(), 2000u);
}

TEST(RandomBits, UseTheWholeWidth) {
    std::uint64_t ones = 0;
    std::uint64_t zeros = 0;
    for (int i = 0; i < 100; ++i) {
        const std::uint64_t bits = randomBits();
        ones |= bits;
        zeros |= ~bits;
    }
    EXPECT_EQ(ones, ~std::uint64_t{0});
    EXPECT_EQ(zeros, ~std::uint64_t{0});
}

TEST(EqualInConstantTime, IsEquality) {
    EXPECT_TRUE(equalInConstantTime("", ""));
    EXPECT_TRUE(equalInConstantTime("abc", "abc"));
    EXPECT_FALSE(equalInConstantTime("abc", "abd"));
    EXPECT_FALSE(equalInConstantTime("abc", "ab"));
    EXPECT_FALSE(equalInConstantTime("ab", "abc"));
    EXPECT_FALSE(equalInConstantTime("", "a"));
    EXPECT_FALSE(equalInConstantTime("a", ""));
    EXPECT_FALSE(equalInConstantTime(std::string_view("a\0", 2), "a"));
    EXPECT_FALSE(equalInConstantTime("a", std::string_view("a\0", 2)));
}

}  // namespace
}  // namespace larder::base
