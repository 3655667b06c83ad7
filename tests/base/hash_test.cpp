#include "engine/base/hash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace larder::base {
namespace {

TEST(Hasher128, EveryBeginningHashesAsAlone) {
    std::string text;
    for (int i = 0; i < 5000; ++i) text += static_cast<char>(i * 7 + i / 256);
    const std::string_view all = text;
    for (const std::size_t step : {1, 3, 64, 239, 241, 1024, 4999}) {
        Hasher128 hasher;
        EXPECT_EQ(hasher.value(), hash128({}));
        for (std::size_t at = 0; at < all.size(); at += step) {
            hasher.add(all.substr(at, step));
            const std::size_t end = std::min(at + step, all.size());
            ASSERT_EQ(hasher.value(), hash128(std::as_bytes(std::span(all.substr(0, end))))) << step << " to " << end;
        }
    }
}

}  // namespace
}  // namespace larder::base
