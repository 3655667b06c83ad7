#include "engine/base/sha256.h"

#include <gtest/gtest.h>

#include <string>

namespace larder::base {
namespace {

std::string digestOf(std::string_view text) {
    Sha256 hash;
    hash.update(text);
    return hash.finish();
}

TEST(Sha256, KnowsTheExamplesOfTheStandard) {
    EXPECT_EQ(digestOf(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(digestOf("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(digestOf(std::string(1'000'000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesMakeNoDifference) {
    const std::string text(1000, 'x');
    for (std::size_t cut = 0; cut <= text.size(); cut += 37) {
        Sha256 hash;
        hash.update(std::string_view(text).substr(0, cut));
        hash.update(std::string_view());
        hash.update(std::string_view(text).substr(cut));
        EXPECT_EQ(hash.finish(), digestOf(text)) << cut;
    }
}

}  // namespace
}  // namespace larder::base
