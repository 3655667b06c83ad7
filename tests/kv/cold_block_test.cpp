#include "engine/kv/cold_block.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "tests/kv/cold_blocks.h"

namespace larder::kv {
namespace {

std::string fileOf(const ColdTestBlock& made) {
    std::string file = writeColdHead(made.block.head, made.block.payload);
    for (const auto& part : made.block.payload) file.append(reinterpret_cast<const char*>(part.data()), part.size());
    return file;
}

std::span<const std::byte> bytesOf(const std::string& text) { return std::as_bytes(std::span(text)); }

bool isGood(const std::string& file) {
    if (!readColdHead(bytesOf(file), file.size())) return false;
    ColdChecksum checksum(bytesOf(file).first(kColdHeadBytes));
    checksum.add(bytesOf(file).subspan(kColdHeadBytes));
    return checksum.ok();
}

// The block of docs/kv_format.md.
ColdTestBlock workedExample() {
    std::vector<TokenId> tokens = {1, 2, 3};
    return coldBlock(rootKey(kColdIdentity), 0, tokens, 1, 24, ColdKind::Tail);
}

TEST(ColdBlock, TheWorkedExampleIsTheSameByteForByte) {
    const std::string file = fileOf(workedExample());
    ASSERT_EQ(file.size(), 4096u + 24);
    // 8 + N = 4096 - 3 tokens of 4 bytes.
    EXPECT_EQ(file.substr(0, 8), std::string("\xec\x0f\0\0\0\0\0\0", 8));
    const std::string json =
        R"({"__metadata__":{"crc32c":"9da67c15","format":"larder-kv","version":"1","kind":"tail",)"
        R"("key":"0c289fb09a2aa90e46a40741af3f4235","parent":"dda7d285a6702bd52e2c704cb613bea1","identity":"00000000000022220000000000001111",)"
        R"("position":"0","element_bytes":"2","codec":"none","raw_bytes":"24"},)"
        R"("tokens":{"dtype":"I32","shape":[3],"data_offsets":[0,12]},)"
        R"("group_0":{"dtype":"U8","shape":[24],"data_offsets":[12,36]}})";
    EXPECT_EQ(file.substr(8, json.size()), json);
    EXPECT_EQ(file.substr(8 + json.size(), 4084 - 8 - json.size()).find_first_not_of(' '), std::string::npos);
    EXPECT_EQ(file.substr(4084, 12), std::string("\1\0\0\0\2\0\0\0\3\0\0\0", 12));
    EXPECT_TRUE(isGood(file));
}

TEST(ColdBlock, EveryKindComesBackAsItWasWritten) {
    const BlockKey root = rootKey(kColdIdentity);
    const auto parent = coldBlock(root, 0, coldTokens(1));
    std::vector<ColdTestBlock> blocks;
    blocks.push_back(coldBlock(parent.key(), 64, coldTokens(2), 16, 100));
    for (const std::size_t count : {1u, 2u, 63u}) blocks.push_back(coldBlock(parent.key(), 64, coldTokens(3, count), 2, 33, ColdKind::Tail));
    for (const std::size_t count : {1u, 64u}) blocks.push_back(coldBlock(parent.key(), 64, coldTokens(4, count), 1, 7777, ColdKind::State));
    blocks.push_back(coldBlock(parent.key(), 64, coldTokens(5), 0));  // of a model that keeps nothing but a state
    for (const auto& each : blocks) {
        const std::string file = fileOf(each);
        EXPECT_TRUE(isGood(file));
        const auto head = readColdHead(bytesOf(file), file.size());
        ASSERT_TRUE(head) << head.error().message;
        EXPECT_EQ(head->kind, each.block.head.kind);
        EXPECT_EQ(head->key, each.key());
        EXPECT_EQ(head->parent, each.block.head.parent);
        EXPECT_EQ(head->identity, each.block.head.identity);
        EXPECT_EQ(head->position, 64u);
        EXPECT_EQ(head->tokens, each.block.head.tokens);
        EXPECT_EQ(head->elementBytes, 2u);
        ASSERT_EQ(head->parts.size(), each.block.head.parts.size());
        for (std::size_t i = 0; i < head->parts.size(); ++i) {
            EXPECT_EQ(head->parts[i].group, each.block.head.parts[i].group);
            EXPECT_EQ(head->parts[i].rawBytes, each.block.head.parts[i].rawBytes);
        }
    }
}

TEST(ColdBlock, ManyFormsOfWrongAreRefused) {
    const auto good = workedExample();
    const auto refused = [&](auto change, std::string_view from = "", std::string_view to = "") {
        ColdTestBlock made = good;
        change(made.block.head);
        std::string file = writeColdHead(made.block.head, good.block.payload) + std::string(24, 'x');
        if (!from.empty()) file.replace(file.find(from), from.size(), to);
        return !readColdHead(bytesOf(file), file.size()).ok();
    };
    const auto nothing = [](ColdHead&) {};
    EXPECT_FALSE(refused(nothing));
    EXPECT_TRUE(refused([](ColdHead& head) { head.tokens[1] = 7; })) << "another key";
    EXPECT_TRUE(refused([](ColdHead& head) { head.kind = ColdKind::State; })) << "a state with a group";
    EXPECT_TRUE(refused([](ColdHead& head) { head.kind = ColdKind::Full; })) << "a full block of three tokens";
    EXPECT_TRUE(refused([](ColdHead& head) { head.position = 64; })) << "not behind the root";
    EXPECT_TRUE(refused([](ColdHead& head) { head.elementBytes = 3; }));
    EXPECT_TRUE(refused([](ColdHead& head) { head.parts[0].rawBytes = 23; })) << "not compressed, and of another size";
    EXPECT_TRUE(refused(nothing, "larder-kv", "larder-kw"));
    EXPECT_TRUE(refused(nothing, R"("version":"1")", R"("version":"2")"));
    EXPECT_TRUE(refused(nothing, R"("codec":"none")", R"("codec":"gzip")"));
    EXPECT_TRUE(refused(nothing, R"("group_0")", R"("group_x")"));
    const std::string file = fileOf(good);
    EXPECT_FALSE(readColdHead(bytesOf(file).first(4095), file.size()));
    EXPECT_FALSE(readColdHead(bytesOf(file), file.size() + 1));
    EXPECT_FALSE(readColdHead(bytesOf(file), file.size() - 1));
    EXPECT_FALSE(readColdHead({}, 0));
}

TEST(ColdBlock, EveryFlippedBitIsSeen) {
    const std::string good = fileOf(workedExample());
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        std::string file = good;
        file[bit / 8] = static_cast<char>(file[bit / 8] ^ (1 << bit % 8));
        ASSERT_FALSE(isGood(file)) << "bit " << bit;
    }
}

TEST(ColdBlock, NamesAreTheKeyInHex) {
    const BlockKey key{0x0123456789abcdefULL, 0x3f07000000000001ULL};
    EXPECT_EQ(hexOf(key), "3f070000000000010123456789abcdef");
    EXPECT_EQ(coldFileName(key), "blocks/3f/3f070000000000010123456789abcdef.safetensors");
    EXPECT_EQ(keyOfHex(hexOf(key)), key);
    EXPECT_FALSE(keyOfHex("3F070000000000010123456789abcdef"));
    EXPECT_FALSE(keyOfHex("3f07"));
}

// Files for tests/kv/kv_format_test.py, which reads them with the safetensors package.
TEST(ColdBlock, WritesSamples) {
    const char* folder = std::getenv("LARDER_TEST_SAMPLES");
    if (!folder) GTEST_SKIP() << "LARDER_TEST_SAMPLES names no folder";
    const auto parent = coldBlock(rootKey(kColdIdentity), 0, coldTokens(1), 2, 5000);
    std::vector<ColdTestBlock> blocks;
    blocks.push_back(parent);
    blocks.push_back(workedExample());
    blocks.push_back(coldBlock(parent.key(), 64, coldTokens(2, 63), 16, 333, ColdKind::Tail));
    blocks.push_back(coldBlock(parent.key(), 64, coldTokens(3, 17), 1, 70'000, ColdKind::State));
    for (const auto& each : blocks) {
        std::ofstream file(std::string(folder) + "/" + hexOf(each.key()) + ".safetensors", std::ios::binary);
        file << fileOf(each);
        ASSERT_TRUE(file.good());
    }
}

}  // namespace
}  // namespace larder::kv
