#include "engine/base/page_memory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <limits>

#include "engine/base/memory.h"

namespace larder::base {
namespace {

TEST(PageMemory, IsZeroedAlignedAndMovable) {
    constexpr std::size_t kBytes = 3 << 20;
    auto memory = PageMemory::allocate(kBytes);
    ASSERT_TRUE(memory.ok());
    EXPECT_EQ(memory->size(), kBytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory->data()) % 4096, 0u);
    for (std::size_t i = 0; i < kBytes; i += 4096) ASSERT_EQ(memory->data()[i], std::byte{0});
    std::memset(memory->data(), 7, kBytes);
    PageMemory moved = std::move(*memory);
    EXPECT_EQ(moved.data()[kBytes - 1], std::byte{7});
}

TEST(PageMemory, SaysWhenThereIsNone) {
    const auto refused = PageMemory::allocate(std::numeric_limits<std::size_t>::max() / 2);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::OutOfMemory);
}

TEST(MemoryFigures, AreThoseOfAMachine) {
    const MemoryFigures figures = memoryFigures();
    EXPECT_GT(figures.totalBytes, std::size_t{64} << 20);
    EXPECT_GT(figures.availableBytes, 0u);
    EXPECT_LE(figures.availableBytes, figures.totalBytes);
    EXPECT_GT(peakResidentBytes(), std::size_t{1} << 20);
}

}  // namespace
}  // namespace larder::base
