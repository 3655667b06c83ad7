// Requests whose beginning is on the disk alone: read, not computed; others run meanwhile; and the answers have the bits of the
// model's definition, for every kind of memory a model may have.
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "engine/base/file_system.h"
#include "engine/kv/cold_store.h"
#include "tests/generate/worker_house.h"

namespace larder::generate {
namespace {

using support::ScriptedKind;

class ColdReuse : public testing::TestWithParam<ScriptedKind> {
protected:
    ColdReuse() { boot(); }

    // A process that ended in good order and one that comes after it.
    void boot() {
        m_house.reset();
        if (m_cold) m_cold->close();
        m_cold = std::move(kv::ColdStore::open({.folder = "/cache", .files = m_files.get(), .limitBytes = std::uint64_t{1} << 30, .floorBytes = 0})).value();
        m_house = std::make_unique<WorkerHouse>(
            HouseSettings{.maxRunning = m_maxRunning, .contextTokens = 8000, .stepTokens = 100, .kind = GetParam(), .cold = m_cold.get()}, m_hotBlocks);
    }
    void TearDown() override { m_house.reset(); }

    void expectAnswer(const Collected& answer, const std::vector<TokenId>& prompt, std::size_t tokens) const {
        const ExpectedAnswer expected = expectedGreedy(prompt, tokens, GetParam());
        EXPECT_EQ(answer.ids(), expected.ids);
        EXPECT_EQ(answer.hashes(), expected.hashes);
    }
    WorkerHouse& house() { return *m_house; }

    std::unique_ptr<base::FileSystem> m_files = base::makeMemoryFileSystem();
    std::unique_ptr<kv::ColdStore> m_cold;
    std::size_t m_hotBlocks = 600;
    std::size_t m_maxRunning = 8;
    std::unique_ptr<WorkerHouse> m_house;  // dies first
};

TEST_P(ColdReuse, AfterARestartTheLastTokenIsComputed) {
    const auto prompt = scriptedPrompt(1000, 1);
    expectAnswer(house().run(greedy(prompt, 20)), prompt, 20);
    boot();
    const Collected& again = house().run(greedy(prompt, 20));
    expectAnswer(again, prompt, 20);
    EXPECT_EQ(again.finished->cachedTokens, 999u);
    EXPECT_EQ(again.finished->loadedTokens, 999u);
    EXPECT_EQ(house().status().usage.loadedTokens, 999u);
    EXPECT_EQ(house().status().usage.computedPromptTokens, 1u);
    const Collected& warm = house().run(greedy(prompt, 20));
    EXPECT_EQ(warm.finished->cachedTokens, 999u);
    EXPECT_EQ(warm.finished->loadedTokens, 0u) << "from RAM now";
    house().expectEmpty();
}

TEST_P(ColdReuse, AConversationGoesOnOverRestarts) {
    std::vector<TokenId> conversation = scriptedPrompt(400, 1);
    std::size_t before = 0;
    for (std::uint64_t turn = 0; turn < 6; ++turn) {
        const Collected& answer = house().run(greedy(conversation, 30 + turn));
        expectAnswer(answer, conversation, 30 + turn);
        EXPECT_GE(answer.finished->cachedTokens + 1, before) << "turn " << turn;
        before = conversation.size() + answer.tokens.size();
        const auto ids = answer.ids();
        const auto result = scriptedPrompt(70 + turn, 100 + turn);
        conversation.insert(conversation.end(), ids.begin(), ids.end());
        conversation.insert(conversation.end(), result.begin(), result.end());
        boot();
    }
}

TEST_P(ColdReuse, OneReadsForAllThatBeginAlike) {
    const auto prompt = scriptedPrompt(1500, 1);
    house().run(greedy(prompt, 5));
    boot();
    std::vector<std::uint64_t> ids;
    house().hold();
    for (int i = 0; i < 5; ++i) ids.push_back(house().submit(greedy(prompt, 10)));
    house().release();
    for (const auto id : ids) expectAnswer(house().wait(id), prompt, 10);
    EXPECT_EQ(house().status().usage.computedPromptTokens, 5u);
    EXPECT_LE(m_cold->status().readBlocks, 2 * (1500u / kBlockTokens + 3)) << "not once for each";
    house().expectEmpty();
}

TEST_P(ColdReuse, OthersRunWhileOneIsRead) {
    const auto prompt = scriptedPrompt(3000, 1);
    house().run(greedy(prompt, 5));
    boot();
    std::vector<std::uint64_t> ids;
    for (std::uint64_t i = 0; i < 4; ++i) ids.push_back(house().submit(greedy(scriptedPrompt(150, 10 + i), 40)));
    const auto cold = house().submit(greedy(prompt, 10));
    for (std::uint64_t i = 0; i < 4; ++i) expectAnswer(house().wait(ids[i]), scriptedPrompt(150, 10 + i), 40);
    expectAnswer(house().wait(cold), prompt, 10);
    EXPECT_EQ(house().wait(cold).finished->cachedTokens, 2999u);
    house().expectEmpty();
}

TEST_P(ColdReuse, CancelledWhileItIsRead) {
    const auto prompt = scriptedPrompt(3000, 1);
    house().run(greedy(prompt, 5));
    for (int round = 0; round < 5; ++round) {
        boot();
        house().hold();
        const auto id = house().submit(greedy(prompt, 10));
        house().cancel(id);
        house().release();
        house().expectEmpty();
    }
    const Collected& again = house().run(greedy(prompt, 10));
    expectAnswer(again, prompt, 10);
    EXPECT_EQ(again.finished->cachedTokens, 2999u);
}

TEST_P(ColdReuse, NoStoreIsForgotten) {
    const auto prompt = scriptedPrompt(500, 1);
    GenerationRequest secret = greedy(prompt, 10);
    secret.noStore = true;
    expectAnswer(house().run(std::move(secret)), prompt, 10);
    const Collected& again = house().run(greedy(prompt, 10));
    EXPECT_EQ(again.finished->cachedTokens, 0u);
    GenerationRequest third = greedy(scriptedPrompt(500, 2), 10);
    third.noStore = true;
    house().run(std::move(third));
    boot();
    EXPECT_EQ(house().run(greedy(scriptedPrompt(500, 2), 10)).finished->cachedTokens, 0u);
    expectAnswer(house().run(greedy(prompt, 10)), prompt, 10);
}

// A RAM that holds one conversation only: each turn of the other one comes from the disk.
TEST_P(ColdReuse, TwoConversationsInARamForOne) {
    m_hotBlocks = GetParam() == ScriptedKind::Recurrent ? 12 : 60;
    boot();
    std::vector<std::vector<TokenId>> conversations{scriptedPrompt(900, 1), scriptedPrompt(900, 2)};
    if (support::readsWindow(GetParam())) m_hotBlocks = 120;
    for (std::uint64_t turn = 0; turn < 6; ++turn)
        for (auto& conversation : conversations) {
            const Collected& answer = house().run(greedy(conversation, 20));
            expectAnswer(answer, conversation, 20);
            if (turn > 0) {
                EXPECT_GE(answer.finished->cachedTokens, conversation.size() - 60) << "turn " << turn;
            }
            const auto ids = answer.ids();
            const auto result = scriptedPrompt(40, 100 * turn + conversation.size());
            conversation.insert(conversation.end(), ids.begin(), ids.end());
            conversation.insert(conversation.end(), result.begin(), result.end());
        }
    house().expectEmpty();
}

INSTANTIATE_TEST_SUITE_P(Kinds, ColdReuse,
                         testing::Values(ScriptedKind::Attention, ScriptedKind::Window, ScriptedKind::Recurrent, ScriptedKind::Everything));

}  // namespace
}  // namespace larder::generate
