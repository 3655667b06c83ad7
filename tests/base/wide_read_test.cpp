#include "engine/base/wide_read.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "engine/base/page_memory.h"

namespace larder::base {
namespace {

TEST(WideRead, SumsEveryWordOnceAndNoneBeyond) {
    for (const std::size_t steps : {0, 1, 2, 5, 64}) {
        const std::size_t bytes = steps * 256;
        auto memory = PageMemory::allocate(bytes + 4096);
        ASSERT_TRUE(memory.ok());
        std::memset(memory->data(), 0xff, memory->size());
        std::uint64_t expected = 0;
        for (std::size_t word = 0; word < bytes / 8; ++word) {
            // Different in every word and carrying over: no word can be missed, or stand in for another.
            const std::uint64_t value = (word + 1) * 0x9e3779b97f4a7c15u;
            std::memcpy(memory->data() + word * 8, &value, 8);
            expected += value;
        }
        EXPECT_EQ(sumWords({memory->data(), bytes}), expected) << bytes;
    }
}

}  // namespace
}  // namespace larder::base
