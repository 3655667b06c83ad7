// Same bits from the disk: real arithmetic, through the whole engine, on a real folder; after a restart, a renamed file, with
// compression, and with files that were damaged meanwhile.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "tests/engine/engine_house.h"
#include "tests/support/fixtures.h"
#include "tests/support/temp_folder.h"

namespace larder {
namespace {

constexpr std::size_t kPromptTokens = 300;
constexpr std::size_t kAnswerTokens = 24;

std::vector<TokenId> promptOf(std::size_t tokens, unsigned seed) {
    std::vector<TokenId> prompt;
    for (std::size_t i = 0; i < tokens; ++i) prompt.push_back(static_cast<TokenId>(3 + (i * (7 + seed) + i * i * 13 + seed) % 90));
    return prompt;
}

class ColdBits : public testing::TestWithParam<std::tuple<const char*, KvType, ColdCompression>> {
protected:
    std::string model() const { return std::get<0>(GetParam()); }
    Settings settings() const {
        Settings settings = tinySettings();
        settings.baseDir = m_base.path();
        settings.kvType = std::get<1>(GetParam());
        settings.coldCompression = std::get<2>(GetParam());
        settings.coldCacheBytes = 200'000'000;
        settings.coldFloorBytes = 0;
        return settings;
    }
    Outcome run(const Settings& settings, const std::string& name, const std::vector<TokenId>& prompt) const {
        const auto engine = Engine::create(settings);
        GenerationRequest request = greedy(name, kAnswerTokens);
        request.prompt = prompt;
        request.logitsHash = true;
        Asked asked = ask(**engine, std::move(request));
        return waitFor(*asked.events);
    }
    support::TempFolder m_base;
};

TEST_P(ColdBits, AfterARestartAndUnderAnotherName) {
    const auto prompt = promptOf(kPromptTokens, 1);
    Settings without = settings();
    without.coldCacheBytes = 0;
    const Outcome fresh = run(without, model(), prompt);
    ASSERT_EQ(fresh.logitsHashes.size(), kAnswerTokens);
    EXPECT_EQ(run(settings(), model(), prompt).finished->cachedTokens, 0u);

    const Outcome restarted = run(settings(), model(), prompt);
    EXPECT_EQ(restarted.logitsHashes, fresh.logitsHashes);
    EXPECT_EQ(restarted.finished->cachedTokens, kPromptTokens - 1);
    EXPECT_EQ(restarted.finished->loadedTokens, kPromptTokens - 1);

    Settings renamed = settings();
    renamed.modelDir = m_base.path() / "renamed";
    std::filesystem::create_directories(renamed.modelDir);
    std::filesystem::copy_file(support::fixtureModel(model()), renamed.modelDir / "other-name.gguf");
    renamed.defaultModel.clear();
    const Outcome moved = run(renamed, "other-name", prompt);
    EXPECT_EQ(moved.logitsHashes, fresh.logitsHashes);
    EXPECT_EQ(moved.finished->loadedTokens, kPromptTokens - 1);

    // A fork in the middle of a block.
    auto fork = prompt;
    fork.resize(170);
    fork.push_back(99);
    EXPECT_EQ(run(settings(), model(), fork).finished->cachedTokens, 170u);
}

TEST_P(ColdBits, DamagedFilesAreMissesAndNothingElse) {
    const auto prompt = promptOf(kPromptTokens, 2);
    const Outcome fresh = run(settings(), model(), prompt);
    unsigned seed = 1;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(m_base.path() / "cache" / "blocks")) {
        if (!entry.is_regular_file() || seed++ % 2 == 0) continue;
        std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
        const auto at = static_cast<std::streamoff>(entry.file_size() * (seed % 7) / 7);
        file.seekg(at);
        const int byte = file.get();
        file.seekp(at);
        file.put(static_cast<char>(byte ^ 4));
    }
    const Outcome damaged = run(settings(), model(), prompt);
    EXPECT_EQ(damaged.logitsHashes, fresh.logitsHashes);
    EXPECT_LT(damaged.finished->loadedTokens, kPromptTokens - 1);
    // What is behind a damaged block is computed, not read: the next one comes to light at the next start.
    std::size_t loaded = damaged.finished->loadedTokens;
    for (std::size_t starts = 0; starts < kPromptTokens / kBlockTokens + 1 && loaded < kPromptTokens - 1; ++starts) {
        const Outcome mended = run(settings(), model(), prompt);
        EXPECT_EQ(mended.logitsHashes, fresh.logitsHashes);
        EXPECT_GT(mended.finished->loadedTokens, loaded) << "what was bad was written again";
        loaded = mended.finished->loadedTokens;
    }
    EXPECT_EQ(loaded, kPromptTokens - 1);
}

INSTANTIATE_TEST_SUITE_P(Models, ColdBits,
                         testing::Combine(testing::Values("tiny_llama_f32", "tiny_llama_q4_0", "tiny_llama_odd"),
                                          testing::Values(KvType::F16, KvType::F32),
                                          testing::Values(ColdCompression::None, ColdCompression::Zstd)));

}  // namespace
}  // namespace larder
