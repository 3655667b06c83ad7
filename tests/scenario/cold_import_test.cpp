// A prefix that comes from elsewhere is believed only when the model computes the same: every block of it was made by somebody who
// can compute checksums, but not by this model.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "engine/kv/cold_store.h"
#include "tests/engine/engine_house.h"
#include "tests/support/temp_folder.h"

namespace larder {
namespace {

constexpr const char* kModel = "tiny_llama_q8_0";

Settings settingsOn(const std::filesystem::path& base) {
    Settings settings = tinySettings();
    settings.baseDir = base;
    settings.coldCacheBytes = 100'000'000;
    settings.coldFloorBytes = 0;
    return settings;
}

std::vector<TokenId> prompt() {
    std::vector<TokenId> tokens;
    for (int i = 0; i < 300; ++i) tokens.push_back(3 + (i * 7 + i * i) % 90);
    return tokens;
}

Outcome run(Engine& engine) {
    GenerationRequest request = greedy(kModel, 8);
    request.prompt = prompt();
    request.logitsHash = true;
    Asked asked = ask(engine, std::move(request));
    return waitFor(*asked.events);
}

// The same prefix as a file, from a cache whose every block was changed by one bit.
void forge(const std::filesystem::path& honestBase, const std::filesystem::path& workBase, const std::filesystem::path& file) {
    auto honest = std::move(kv::ColdStore::open({.folder = honestBase / "cache", .limitBytes = 100'000'000, .floorBytes = 0})).value();
    auto forged = std::move(kv::ColdStore::open({.folder = workBase / "cache", .limitBytes = 100'000'000, .floorBytes = 0})).value();
    const auto incoming = honest->importPrefix(file);
    ASSERT_TRUE(incoming.ok()) << incoming.error().message;
    forged->nameModel(incoming->identity, kModel);
    for (std::size_t i = 0; i < incoming->blocks.size(); ++i) {
        kv::ColdBlock block;
        block.head = incoming->blocks[i];
        std::vector<std::byte> bytes(block.head.parts.front().rawBytes);
        ASSERT_TRUE(honest->readIncoming(*incoming, i, std::vector<kv::ColdRead::Target>{{0, bytes}}).ok());
        bytes[bytes.size() / 2] ^= std::byte{1};
        block.payload = {bytes};
        ASSERT_EQ(forged->stage(block), kv::StageResult::Staged);
    }
    honest->dropImport(*incoming);
    forged->close();
    forged = std::move(kv::ColdStore::open({.folder = workBase / "cache", .limitBytes = 100'000'000, .floorBytes = 0})).value();
    const CacheListing listing = forged->list();
    ASSERT_EQ(listing.prefixes.size(), 1u);
    ASSERT_TRUE(forged->exportPrefix(listing.prefixes.front().id, file).ok());
}

TEST(ColdImport, WhatThisModelDoesNotComputeIsRefused) {
    support::TempFolder folder;
    const std::filesystem::path file = folder / "prefix.safetensors";
    Outcome fresh;
    {
        const auto engine = std::move(*Engine::create(settingsOn(folder / "first")));
        fresh = run(*engine);
    }
    {
        const auto engine = std::move(*Engine::create(settingsOn(folder / "first")));
        const auto listed = engine->cache()->list();
        ASSERT_TRUE(listed.ok());
        ASSERT_EQ(listed->prefixes.size(), 1u);
        ASSERT_TRUE(engine->cache()->exportPrefix(listed->prefixes.front().id, file).ok());
    }
    {
        const auto engine = std::move(*Engine::create(settingsOn(folder / "second")));
        const auto imported = engine->cache()->importPrefix(file);
        ASSERT_TRUE(imported.ok()) << imported.error().message;
        EXPECT_GE(imported->tokens, 300u);
        const Outcome warm = run(*engine);
        EXPECT_EQ(warm.logitsHashes, fresh.logitsHashes);
        EXPECT_EQ(warm.finished->loadedTokens, 299u);
    }
    forge(folder / "first", folder / "forger", file);
    if (HasFatalFailure()) return;
    for (int attempt = 0; attempt < 5; ++attempt) {
        const auto engine = std::move(*Engine::create(settingsOn(folder / "third")));
        const auto imported = engine->cache()->importPrefix(file);
        ASSERT_FALSE(imported.ok());
        EXPECT_EQ(imported.error().code, ErrorCode::Corrupt) << imported.error().message;
        const Outcome untouched = run(*engine);
        EXPECT_EQ(untouched.logitsHashes, fresh.logitsHashes);
        ASSERT_TRUE(engine->cache()->clear("", true).ok());
    }
}

}  // namespace
}  // namespace larder
