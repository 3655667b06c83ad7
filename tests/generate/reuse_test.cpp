// Prompts that were computed before, or are being computed now, are not computed again: counted in rows. And whatever is
// reused, the answers have the bits of the model's definition, for every kind of memory a model may have.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <random>

#include "engine/base/mailbox.h"
#include "tests/generate/worker_house.h"

namespace larder::generate {
namespace {

using support::ScriptedKind;

std::vector<TokenId> joined(std::vector<TokenId> first, const std::vector<TokenId>& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

void expectAnswer(const Collected& answer, const std::vector<TokenId>& prompt, std::size_t tokens, ScriptedKind kind) {
    const ExpectedAnswer expected = expectedGreedy(prompt, tokens, kind);
    EXPECT_EQ(answer.ids(), expected.ids);
    EXPECT_EQ(answer.hashes(), expected.hashes);
}

class Reuse : public testing::TestWithParam<ScriptedKind> {
protected:
    bool exact() const { return !support::hasState(GetParam()); }  // reuse up to any token; else up to a kept state
};

TEST_P(Reuse, TheSamePromptAgainComputesItsLastTokenOnly) {
    WorkerHouse house({.contextTokens = 4000, .kind = GetParam()}, 300);
    const auto prompt = scriptedPrompt(1000, 1);
    expectAnswer(house.run(greedy(prompt, 20)), prompt, 20, GetParam());
    const Collected& again = house.run(greedy(prompt, 20));
    expectAnswer(again, prompt, 20, GetParam());
    EXPECT_EQ(again.finished->cachedTokens, 999u);
    EXPECT_EQ(house.status().usage.computedPromptTokens, 1001u);
    house.expectEmpty();
}

TEST_P(Reuse, AppendedTurnsReuseThePromptAndTheAnswer) {
    WorkerHouse house({.contextTokens = 8000, .kind = GetParam()}, 600);
    std::vector<TokenId> conversation = scriptedPrompt(500, 1);
    std::size_t before = 0;
    for (std::uint64_t turn = 0; turn < 8; ++turn) {
        const Collected& answer = house.run(greedy(conversation, 30 + turn));
        expectAnswer(answer, conversation, 30 + turn, GetParam());
        EXPECT_GE(answer.finished->cachedTokens + 1, before) << "turn " << turn;
        before = conversation.size() + answer.tokens.size();
        conversation = joined(joined(conversation, answer.ids()), scriptedPrompt(70 + turn, 100 + turn));
    }
    house.expectEmpty();
}

TEST_P(Reuse, AForkReusesEverythingUpToIt) {
    WorkerHouse house({.contextTokens = 4000, .kind = GetParam()}, 600);
    const auto prompt = scriptedPrompt(1000, 1);
    GenerationRequest first = greedy(prompt, 5);
    first.branchPositions = {400};
    house.run(std::move(first));
    for (const std::size_t fork : {450u, 511u, 512u, 513u, 777u, 998u}) {
        auto other = prompt;
        other.resize(fork);
        other = joined(other, scriptedPrompt(50, fork));
        other[fork] = (prompt[fork] + 1) % support::kScriptedVocabulary;
        const Collected& answer = house.run(greedy(other, 5));
        expectAnswer(answer, other, 5, GetParam());
        if (exact())
            EXPECT_EQ(answer.finished->cachedTokens, fork);
        else
            EXPECT_EQ(answer.finished->cachedTokens, 400u) << "the newest state at or before the fork";
    }
    house.expectEmpty();
}

TEST_P(Reuse, IdenticalPromptsAtTheSameTimeComputeOnce) {
    WorkerHouse house({.contextTokens = 4000, .stepTokens = 100, .kind = GetParam()}, 600);
    const auto prompt = scriptedPrompt(1030, 1);
    house.hold();
    std::vector<std::uint64_t> ids;
    for (int i = 0; i < 8; ++i) ids.push_back(house.submit(greedy(prompt, 20)));
    house.release();
    for (const auto id : ids) expectAnswer(house.wait(id), prompt, 20, GetParam());
    EXPECT_EQ(house.status().usage.computedPromptTokens, 1030u + 7u);
    for (std::size_t i = 1; i < 8; ++i) {
        EXPECT_EQ(house.wait(ids[i]).finished->cachedTokens, 1029u);
        EXPECT_GE(house.wait(ids[i]).finished->followedTokens, 1029u - 100) << "all but what was done when they came";
    }
    house.expectEmpty();
}

TEST_P(Reuse, AnotherTakesOverWhenTheOneInFrontIsCancelled) {
    WorkerHouse house({.contextTokens = 8000, .stepTokens = 64, .kind = GetParam()}, 600);
    const auto prompt = scriptedPrompt(3000, 1);
    house.hold();
    const auto first = house.submit(greedy(prompt, 5));
    const auto second = house.submit(greedy(prompt, 5));
    const auto third = house.submit(greedy(prompt, 5));
    house.waitForProgress(first);
    house.cancel(first);
    house.release();
    expectAnswer(house.wait(second), prompt, 5, GetParam());
    expectAnswer(house.wait(third), prompt, 5, GetParam());
    EXPECT_LE(house.status().usage.computedPromptTokens, 3000u + 64 + 2) << "what the first one had done is not done again";
    house.expectEmpty();
}

TEST_P(Reuse, ACancelledPrefillKeepsWhatItFinished) {
    base::Mailbox<int> entered;
    base::Mailbox<int> leave;
    std::atomic<int> steps = 0;
    WorkerHouse house({.contextTokens = 100000, .stepTokens = 64, .kind = GetParam()}, 2000, [&](const model::Batch&) {
        if (++steps != 30) return;
        entered.post(0);
        (void)leave.wait();
    });
    const auto prompt = scriptedPrompt(64 * 100 + 1, 1);
    const auto id = house.submit(greedy(prompt, 5));
    (void)entered.wait();
    house.cancel(id);
    leave.post(0);
    const Collected& again = house.run(greedy(prompt, 5));
    expectAnswer(again, prompt, 5, GetParam());
    EXPECT_EQ(again.finished->cachedTokens, 30u * 64) << "also for a state: it is kept when a prefill is left";
    house.expectEmpty();
}

// Everything at once in a room that is far too small: shared prefixes, forks, cancels, preemption.
TEST_P(Reuse, RandomConversationsInASmallRoom) {
    WorkerHouse house({.maxRunning = 4, .contextTokens = 900, .stepTokens = 128, .kind = GetParam()}, 40);
    std::mt19937 random(11);
    struct Asked {
        std::uint64_t id = 0;
        std::vector<TokenId> prompt;
    };
    std::vector<Asked> alive;
    std::vector<std::vector<TokenId>> known;
    for (int asked = 0; asked < 400; ++asked) {
        std::vector<TokenId> prompt;
        if (!known.empty() && random() % 4 > 0) prompt = known[random() % known.size()];
        if (random() % 3 == 0 && !prompt.empty()) prompt.resize(1 + random() % prompt.size());
        prompt = joined(prompt, scriptedPrompt(1 + random() % 100, random() % 30));
        if (prompt.size() > 700) prompt.resize(700);
        GenerationRequest request = greedy(prompt, 1 + random() % 100);
        request.branchPositions = {random() % 300};
        if (random() % 3 == 0) request.priority = Priority::Background;
        alive.push_back({house.submit(std::move(request), WorkerHouse::kLane, 1e15), std::move(prompt)});
        if (alive.size() < 8) continue;
        const std::size_t which = random() % alive.size();
        if (random() % 5 == 0) {
            house.cancel(alive[which].id);
        } else {
            const Collected& answer = house.wait(alive[which].id);
            ASSERT_TRUE(answer.finished);
            const ExpectedAnswer expected = expectedGreedy(alive[which].prompt, answer.tokens.size(), GetParam());
            ASSERT_EQ(answer.hashes(), expected.hashes) << "request " << alive[which].id;
            known.push_back(joined(alive[which].prompt, answer.ids()));
            if (known.size() > 12) known.erase(known.begin());
        }
        alive.erase(alive.begin() + static_cast<long>(which));
        ASSERT_EQ(house.worker().checkIntegrity(), "");
    }
    house.expectEmpty();
    EXPECT_GT(house.status().usage.cachedTokens, 2000u);
    EXPECT_GT(house.status().preemptions, 0u);
}

INSTANTIATE_TEST_SUITE_P(Kinds, Reuse,
                         testing::Values(ScriptedKind::Attention, ScriptedKind::Window, ScriptedKind::Recurrent, ScriptedKind::Everything));

TEST(Following, OthersPassOneThatFollows) {
    base::Mailbox<int> entered;
    base::Mailbox<int> leave;
    std::atomic<int> steps = 0;
    WorkerHouse house({.maxRunning = 3, .contextTokens = 20000, .stepTokens = 64}, 2000, [&](const model::Batch&) {
        if (++steps != 10) return;
        entered.post(0);
        (void)leave.wait();
    });
    const auto longOne = scriptedPrompt(6400, 1);
    house.hold();
    const auto first = house.submit(greedy(longOne, 1));
    const auto follower = house.submit(greedy(longOne, 1));
    const auto stranger = house.submit(greedy(scriptedPrompt(30, 2), 1));
    house.release();
    (void)entered.wait();
    EXPECT_TRUE(house.wait(stranger).finished);
    EXPECT_FALSE(house.collected(first).over());
    EXPECT_TRUE(house.collected(follower).progress.empty());
    EXPECT_EQ(house.status().following, 1u);
    leave.post(0);
    house.wait(first);
    house.wait(follower);
    house.expectEmpty();
}

TEST(Lanes, AModelThatLeavesAndComesBackFindsItsKv) {
    WorkerHouse house({.contextTokens = 4000}, 300);
    const auto prompt = scriptedPrompt(500, 1);
    house.run(greedy(prompt, 3));
    base::Mailbox<int> gone;
    house.worker().detach(WorkerHouse::kLane, [&] { gone.post(0); });
    (void)gone.wait();
    EXPECT_EQ(house.worker().hotStatus().leasedBytes, 0u);
    const LaneId back{2};
    const auto status = house.attach(back);
    const Collected& again = house.wait(house.submit(greedy(prompt, 3), back));
    EXPECT_EQ(again.finished->cachedTokens, 499u);
    EXPECT_EQ(again.ids(), expectedGreedy(prompt, 3).ids);
    EXPECT_EQ(status->read().usage.requests, 1u);
    const Collected& refused = house.wait(house.submit(greedy(prompt, 3), WorkerHouse::kLane));
    ASSERT_TRUE(refused.error);
    EXPECT_EQ(refused.error->code, ErrorCode::Unavailable);
    EXPECT_EQ(house.worker().checkIntegrity(), "");
}

TEST(Lanes, TwoModelsAnswerSideBySideInOneRoom) {
    WorkerHouse house({.maxRunning = 3, .contextTokens = 900}, 30);
    house.attach(LaneId{2});
    std::vector<std::uint64_t> ids;
    for (std::uint64_t i = 0; i < 20; ++i) ids.push_back(house.submit(greedy(scriptedPrompt(100 + 13 * i, i), 200), LaneId{static_cast<std::uint32_t>(1 + i % 2)}));
    for (std::uint64_t i = 0; i < 20; ++i) {
        const Collected& answer = house.wait(ids[i]);
        ASSERT_TRUE(answer.finished) << i;
        EXPECT_EQ(answer.hashes(), expectedGreedy(scriptedPrompt(100 + 13 * i, i), 200).hashes);
    }
    EXPECT_EQ(house.worker().hotStatus().leasedBytes, 0u);
    EXPECT_EQ(house.worker().checkIntegrity(), "");
}

TEST(Lanes, ALimitThatShrinksRefusesWhatCanNoLongerFit) {
    WorkerHouse house({.maxRunning = 1, .contextTokens = 4000}, 40);
    house.hold();
    const auto running = house.submit(greedy(scriptedPrompt(100, 1), 5));
    const auto waiting = house.submit(greedy(scriptedPrompt(1000, 2), 5));
    house.waitForProgress(running);
    house.worker().setHotLimit(8 * WorkerHouse::kBlockBytes);
    house.release();
    EXPECT_TRUE(house.wait(running).finished);
    const Collected& refused = house.wait(waiting);
    ASSERT_TRUE(refused.error);
    EXPECT_EQ(refused.error->code, ErrorCode::ContextExceeded);
    EXPECT_THAT(refused.error->message, testing::AllOf(testing::HasSubstr("1000"), testing::HasSubstr("512"), testing::HasSubstr("--hot-cache")));
}

}  // namespace
}  // namespace larder::generate
