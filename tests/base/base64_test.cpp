#include "engine/base/base64.h"

#include <gtest/gtest.h>

#include <random>

namespace larder::base {
namespace {

TEST(Base64, TheVectorsOfRfc4648) {
    const char* const plain[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
    const char* const coded[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    for (std::size_t i = 0; i < std::size(plain); ++i) {
        EXPECT_EQ(toBase64(plain[i]), coded[i]);
        EXPECT_EQ(fromBase64(coded[i]), plain[i]);
    }
}

TEST(Base64, AnyBytesComeBack) {
    std::mt19937 random(5);
    for (std::size_t size = 0; size < 200; ++size) {
        std::string bytes;
        while (bytes.size() < size) bytes += static_cast<char>(random());
        EXPECT_EQ(fromBase64(toBase64(bytes)), bytes);
    }
}

TEST(Base64, OtherSpellingsAreRefused) {
    for (const char* text : {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zg==Zg==", "====", "Zm9v\n", "Zm 9", "Zm9-", "=m9v"}) EXPECT_EQ(fromBase64(text), std::nullopt) << text;
}

}  // namespace
}  // namespace larder::base
