// Same bits however a request is served: fresh, from RAM, partly from RAM, in a batch, preempted and resumed, after the model
// was unloaded and loaded again. Real arithmetic, through the whole engine; compared by the hash of every row of logits.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "tests/engine/engine_house.h"

namespace larder {
namespace {

constexpr std::size_t kPromptTokens = 300;
constexpr std::size_t kAnswerTokens = 24;
constexpr std::size_t kPageBytes = 4096;

std::vector<TokenId> promptOf(std::size_t tokens, unsigned seed) {
    std::vector<TokenId> prompt;
    for (std::size_t i = 0; i < tokens; ++i) prompt.push_back(static_cast<TokenId>(3 + (i * (7 + seed) + i * i * 13 + seed) % 90));
    return prompt;
}

class ReuseBits : public testing::TestWithParam<std::tuple<const char*, KvType>> {
protected:
    std::string model() const { return std::get<0>(GetParam()); }

    std::unique_ptr<Engine> engineWith(std::size_t hotBlocks, std::size_t maxRunning = 8) const {
        Settings settings = tinySettings();
        settings.kvType = std::get<1>(GetParam());
        settings.maxRunning = maxRunning;
        auto probe = Engine::create(settings);
        const std::size_t wider = settings.kvType == KvType::F32 ? 2 : 1;
        const std::size_t blockBytes = (*probe)->findModel(model())->kvBytesPerToken * kBlockTokens * wider;
        settings.hotCacheBytes = hotBlocks * ((blockBytes + kPageBytes - 1) / kPageBytes * kPageBytes);
        return std::move(*Engine::create(settings));
    }

    GenerationRequest request(const std::vector<TokenId>& prompt, std::size_t tokens = kAnswerTokens) const {
        GenerationRequest request = greedy(model(), tokens);
        request.prompt = prompt;
        request.logitsHash = true;
        return request;
    }

    Outcome run(Engine& engine, const std::vector<TokenId>& prompt, std::size_t tokens = kAnswerTokens) const {
        Asked asked = ask(engine, request(prompt, tokens));
        return waitFor(*asked.events);
    }
};

TEST_P(ReuseBits, FreshWarmPartlyWarmBatchedAndReloaded) {
    const auto prompt = promptOf(kPromptTokens, 1);
    const Outcome fresh = run(*engineWith(100), prompt);
    ASSERT_EQ(fresh.logitsHashes.size(), kAnswerTokens);
    const auto engine = engineWith(100);

    auto other = prompt;
    other.resize(170);
    other.push_back(99);
    run(*engine, other);
    const Outcome partly = run(*engine, prompt);
    EXPECT_EQ(partly.finished->cachedTokens, 170u);
    EXPECT_EQ(partly.logitsHashes, fresh.logitsHashes);

    const Outcome warm = run(*engine, prompt);
    EXPECT_EQ(warm.finished->cachedTokens, kPromptTokens - 1);
    EXPECT_EQ(warm.logitsHashes, fresh.logitsHashes);

    std::vector<Asked> strangers;
    for (unsigned i = 0; i < 5; ++i) strangers.push_back(ask(*engine, request(promptOf(40 + 37 * i, 10 + i), 60)));
    Asked same = ask(*engine, request(prompt));
    Asked twin = ask(*engine, request(prompt));
    EXPECT_EQ(waitFor(*same.events).logitsHashes, fresh.logitsHashes);
    EXPECT_EQ(waitFor(*twin.events).logitsHashes, fresh.logitsHashes);
    for (Asked& stranger : strangers) EXPECT_TRUE(waitFor(*stranger.events).finished);

    const auto unloaded = std::make_shared<Answers>();
    engine->unload(model(), into(unloaded));
    EXPECT_TRUE(unloaded->wait().front().ok());
    const Outcome reloaded = run(*engine, prompt);
    EXPECT_EQ(reloaded.finished->cachedTokens, kPromptTokens - 1);
    EXPECT_EQ(reloaded.logitsHashes, fresh.logitsHashes);
}

TEST_P(ReuseBits, PreemptedAndResumed) {
    // Three answers up to the end of the window of 512, eight blocks each, in room for thirteen. Should this thread be held up
    // between two of them, they do not meet: once more then.
    const auto roomy = engineWith(100, 1);
    std::uint64_t preemptions = 0;
    for (int attempt = 0; attempt < 10 && preemptions == 0; ++attempt) {
        const auto tight = engineWith(13, 3);
        ASSERT_TRUE(tight->load(model()).ok());
        std::vector<Asked> asked;
        for (unsigned i = 0; i < 3; ++i) asked.push_back(ask(*tight, request(promptOf(80 + i, 20 + i), 0)));
        for (unsigned i = 0; i < 3; ++i) {
            const Outcome pressed = waitFor(*asked[i].events);
            const Outcome alone = run(*roomy, promptOf(80 + i, 20 + i), 0);
            EXPECT_EQ(pressed.logitsHashes, alone.logitsHashes) << i;
        }
        preemptions = tight->status().preemptions;
    }
    EXPECT_GT(preemptions, 0u) << "nothing was preempted: the test does not test";
}

INSTANTIATE_TEST_SUITE_P(Models, ReuseBits,
                         testing::Combine(testing::Values("tiny_llama_f32", "tiny_llama_q4_0", "tiny_llama_q8_0", "tiny_llama_odd"),
                                          testing::Values(KvType::F16, KvType::F32)));

}  // namespace
}  // namespace larder
