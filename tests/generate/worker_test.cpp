#include "engine/generate/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <random>

#include "engine/base/thread.h"
#include "engine/generate/sampler.h"
#include "tests/generate/worker_house.h"

namespace larder::generate {
namespace {

using testing::ElementsAre;

TEST(Worker, AnswersWithTheTokensOfTheModel) {
    WorkerHouse house({.contextTokens = 1000}, 16);
    const auto prompt = scriptedPrompt(10, 1);
    const Collected& answer = house.run(greedy(prompt, 20));
    const ExpectedAnswer expected = expectedGreedy(prompt, 20);
    EXPECT_EQ(answer.ids(), expected.ids);
    EXPECT_EQ(answer.hashes(), expected.hashes);
    ASSERT_TRUE(answer.finished);
    EXPECT_EQ(answer.finished->reason, FinishReason::Length);
    EXPECT_FALSE(answer.finished->stopToken);
    EXPECT_EQ(answer.finished->promptTokens, 10u);
    EXPECT_EQ(answer.finished->generatedTokens, 20u);
    EXPECT_EQ(answer.finished->cachedTokens, 0u);
    EXPECT_GT(answer.finished->timings.queueMs, 0);
    EXPECT_GE(answer.finished->timings.prefillMs, 0);
    EXPECT_GE(answer.finished->timings.decodeMs, 0);
    const LaneStatus status = house.status();
    EXPECT_EQ(status.usage.promptTokens, 10u);
    EXPECT_EQ(status.usage.generatedTokens, 20u);
    EXPECT_EQ(status.usage.requests, 1u);
    EXPECT_EQ(status.steps, 20u);
    EXPECT_GT(status.prefillTokensPerSecond, 0);
    EXPECT_GT(status.decodeTokensPerSecond, 0);
    house.expectEmpty();
}

TEST(Worker, AStopTokenEndsTheAnswerAndIsNotReported) {
    const auto prompt = scriptedPrompt(10, 2);
    const ExpectedAnswer expected = expectedGreedy(prompt, 20);
    std::size_t at = 5;  // the first place where a token stands that did not occur before
    const auto occursBefore = [&](std::size_t i) {
        return std::find(expected.ids.begin(), expected.ids.begin() + static_cast<long>(i), expected.ids[i]) !=
               expected.ids.begin() + static_cast<long>(i);
    };
    while (occursBefore(at)) ++at;
    WorkerHouse house({.contextTokens = 1000}, 16);
    GenerationRequest request = greedy(prompt, at + 1);  // the stop token is the last allowed one: still Stop
    request.stopTokens = {support::kScriptedVocabulary + 5, expected.ids[at]};
    const Collected& answer = house.run(std::move(request));
    EXPECT_EQ(answer.ids(), std::vector(expected.ids.begin(), expected.ids.begin() + static_cast<long>(at)));
    ASSERT_TRUE(answer.finished);
    EXPECT_EQ(answer.finished->reason, FinishReason::Stop);
    EXPECT_EQ(answer.finished->stopToken, expected.ids[at]);
    EXPECT_EQ(answer.finished->generatedTokens, at + 1);
}

TEST(Worker, AStopTokenAtOnceIsAnEmptyAnswer) {
    WorkerHouse house({.contextTokens = 1000}, 16);
    GenerationRequest request = greedy({3, 4}, 0);
    request.stopTokens = expectedGreedy({3, 4}, 1).ids;
    const Collected& answer = house.run(std::move(request));
    EXPECT_TRUE(answer.tokens.empty());
    ASSERT_TRUE(answer.finished);
    EXPECT_EQ(answer.finished->generatedTokens, 1u);
}

TEST(Worker, TheWindowEndsTheAnswer) {
    WorkerHouse house({.contextTokens = 100}, 16);
    for (const std::size_t promptTokens : {1u, 63u, 64u, 98u, 99u}) {
        for (const std::size_t maxTokens : {std::size_t{0}, std::size_t{5000}, SIZE_MAX}) {
            const auto prompt = scriptedPrompt(promptTokens, 3);
            const Collected& answer = house.run(greedy(prompt, maxTokens));
            EXPECT_EQ(answer.ids(), expectedGreedy(prompt, 100 - promptTokens).ids);
            EXPECT_EQ(answer.finished->reason, FinishReason::Length);
        }
    }
    house.expectEmpty();
}

TEST(Worker, ReportsProgressAtAdmissionAndAfterEveryChunk) {
    WorkerHouse house({.contextTokens = 1000, .stepTokens = 40}, 16);
    const Collected& answer = house.run(greedy(scriptedPrompt(100, 4), 3));
    std::vector<std::size_t> computed;
    for (const auto& progress : answer.progress) {
        computed.push_back(progress.computedTokens);
        EXPECT_EQ(progress.totalTokens, 100u);
    }
    EXPECT_THAT(computed, ElementsAre(0, 40, 80, 100));
}

TEST(Worker, APromptThatCanNeverFitIsAnErrorThatNamesTheSetting) {
    WorkerHouse house({.contextTokens = 1000}, 4);
    const Collected& refused = house.run(greedy(scriptedPrompt(257, 5), 3));
    ASSERT_TRUE(refused.error);
    EXPECT_EQ(refused.error->code, ErrorCode::ContextExceeded);
    EXPECT_THAT(refused.error->message, testing::AllOf(testing::HasSubstr("257"), testing::HasSubstr("256"),
                                                       testing::HasSubstr("--hot-cache")));
    EXPECT_TRUE(refused.progress.empty());
    // One that just fits gets its one token, and no second: there is no room to compute the first.
    const auto prompt = scriptedPrompt(256, 5);
    const Collected& fits = house.run(greedy(prompt, 10));
    EXPECT_EQ(fits.ids(), expectedGreedy(prompt, 1).ids);
    EXPECT_EQ(fits.finished->reason, FinishReason::Length);
    // Again: all four blocks are kept now, and copying one would need a fifth.
    EXPECT_EQ(house.run(greedy(prompt, 10)).ids(), expectedGreedy(prompt, 1).ids);
    house.expectEmpty();
}

TEST(Worker, OneAloneThatCannotGrowEndsWithLength) {
    WorkerHouse house({.contextTokens = 1000}, 4);
    const auto prompt = scriptedPrompt(100, 6);
    const Collected& answer = house.run(greedy(prompt, 0));
    EXPECT_EQ(answer.ids(), expectedGreedy(prompt, 157).ids);  // 256 positions, and the token after the last
    EXPECT_EQ(answer.finished->reason, FinishReason::Length);
    house.expectEmpty();
}

TEST(Worker, PromptLogprobsDescribeEveryPromptPositionOnce) {
    for (const std::size_t chunk : {0u, 1u, 7u, 64u}) {
        WorkerHouse house({.contextTokens = 1000, .stepTokens = 50, .maxChunkTokens = chunk}, 16);
        const auto prompt = scriptedPrompt(150, 7);
        GenerationRequest request = greedy(prompt, 4);
        request.topLogprobs = 2;
        request.promptLogprobs = true;
        const Collected& answer = house.run(std::move(request));
        ASSERT_TRUE(answer.promptLogprobs);
        ASSERT_EQ(answer.promptLogprobs->positions.size(), 149u);
        Sampler sampler(*kernels::selectKernels(""));
        for (std::size_t i = 0; i < 149; ++i) {
            const auto row = support::scriptedLogits(std::span(prompt).first(i + 1));
            const PositionLogprobs expected = sampler.logprobs(row, prompt[i + 1], 2);
            const PositionLogprobs& found = answer.promptLogprobs->positions[i];
            ASSERT_EQ(found.chosen.token, expected.chosen.token);
            ASSERT_EQ(found.chosen.logprob, expected.chosen.logprob);
            ASSERT_EQ(found.top.size(), 2u);
            ASSERT_EQ(found.top[1].token, expected.top[1].token);
        }
        ASSERT_TRUE(answer.tokens[0].logprobs);
        EXPECT_EQ(answer.tokens[0].logprobs->top[0].token, answer.tokens[0].token);
    }
}

TEST(Worker, PromptLogprobsOfOneTokenAreEmpty) {
    WorkerHouse house({.contextTokens = 1000}, 16);
    GenerationRequest request = greedy({5}, 1);
    request.topLogprobs = 0;
    request.promptLogprobs = true;
    const Collected& answer = house.run(std::move(request));
    ASSERT_TRUE(answer.promptLogprobs);
    EXPECT_TRUE(answer.promptLogprobs->positions.empty());
    EXPECT_TRUE(answer.tokens[0].logprobs && answer.tokens[0].logprobs->top.empty());
}

TEST(Worker, RunsAtMostMaxRunningInOrderOfArrival) {
    std::vector<std::size_t> sequencesOfSteps;  // engine thread; read after shutDown()
    WorkerHouse house({.maxRunning = 2, .contextTokens = 1000}, 64,
                      [&](const model::Batch& batch) { sequencesOfSteps.push_back(batch.sequences.size()); });
    house.hold();
    std::vector<std::uint64_t> ids;
    for (std::uint64_t i = 0; i < 6; ++i) ids.push_back(house.submit(greedy(scriptedPrompt(5, i), 10)));
    house.release();
    for (const std::uint64_t id : ids) house.wait(id);
    EXPECT_EQ(house.finishOrder(), ids);  // of equal length
    house.expectEmpty();
    house.shutDown();
    EXPECT_EQ(*std::max_element(sequencesOfSteps.begin(), sequencesOfSteps.end()), 2u);
}

TEST(Worker, CancelWhileWaitingRunningAndAfterTheEnd) {
    WorkerHouse house({.maxRunning = 1, .contextTokens = 100000}, 2000);
    const auto running = house.submit(greedy(scriptedPrompt(5, 1), 0));
    const auto waiting = house.submit(greedy(scriptedPrompt(5, 2), 0));
    const auto last = house.submit(greedy(scriptedPrompt(5, 3), 4));
    house.waitForTokens(running, 3);
    house.cancel(waiting);
    house.cancel(running);
    EXPECT_EQ(house.wait(last).tokens.size(), 4u);
    EXPECT_FALSE(house.collected(running).over());
    EXPECT_TRUE(house.collected(waiting).progress.empty());
    house.cancel(last);
    house.cancel(last);
    house.cancel(12345);
    house.expectEmpty();
}

TEST(Worker, CancelDuringPrefillStopsAfterTheStep) {
    base::Mailbox<int> entered;
    base::Mailbox<int> leave;
    std::atomic<int> steps = 0;
    WorkerHouse house({.contextTokens = 100000, .stepTokens = 64}, 2000, [&](const model::Batch&) {
        if (++steps != 3) return;
        entered.post(0);
        (void)leave.wait();
    });
    const auto id = house.submit(greedy(scriptedPrompt(64 * 100, 1), 5));
    (void)entered.wait();
    house.cancel(id);
    leave.post(0);
    house.settle();
    EXPECT_EQ(steps, 4);  // the third step was under way; the fourth is the one of settle()
    EXPECT_EQ(house.collected(id).progress.size(), 4u);
    house.expectEmpty();
}

TEST(Worker, AThousandRandomCancelsLeaveNothingBehind) {
    WorkerHouse house({.maxRunning = 5, .contextTokens = 600, .stepTokens = 96}, 24);
    std::mt19937 random(3);
    std::vector<std::uint64_t> alive;
    std::map<std::uint64_t, std::vector<TokenId>> prompts;
    for (int cancelled = 0; cancelled < 1000;) {
        while (alive.size() < 12) {
            auto prompt = scriptedPrompt(1 + random() % 400, random());
            alive.push_back(house.submit(greedy(prompt, random() % 60)));
            prompts[alive.back()] = std::move(prompt);
        }
        const std::size_t which = random() % alive.size();
        const std::uint64_t id = alive[which];
        switch (random() % 4) {
            case 0:
                break;  // at once
            case 1:
                house.waitForProgress(alive.front());
                break;  // at some moment
            default:
                house.waitForTokens(alive.front(), random() % 8);
        }
        if (random() % 16 == 0) {
            house.wait(alive.front());
            alive.erase(alive.begin());
            continue;
        }
        house.cancel(id);
        alive.erase(alive.begin() + static_cast<long>(which));
        ++cancelled;
    }
    house.expectEmpty();
    for (const auto& [id, prompt] : prompts) {
        const std::vector<TokenId> ids = house.collected(id).ids();
        ASSERT_EQ(ids, expectedGreedy(prompt, ids.size()).ids) << "request " << id;
    }
}

TEST(Worker, ShutdownTellsEverySinkOnce) {
    base::Mailbox<int> entered;
    base::Mailbox<int> leave;
    std::atomic<int> steps = 0;
    WorkerHouse house({.maxRunning = 2, .contextTokens = 100000}, 2000, [&](const model::Batch&) {
        if (++steps != 5) return;
        entered.post(0);
        (void)leave.wait();
    });
    std::vector<std::uint64_t> ids;
    for (std::uint64_t i = 0; i < 4; ++i) ids.push_back(house.submit(greedy(scriptedPrompt(5, i), 0)));
    (void)entered.wait();
    ids.push_back(house.submit(greedy(scriptedPrompt(5, 9), 0)));  // not even read yet
    const auto tooLong = house.submit(greedy(scriptedPrompt(1 << 18, 9), 0));
    const auto gone = house.submit(greedy(scriptedPrompt(5, 9), 0));
    house.cancel(gone);
    leave.post(0);
    house.shutDown();
    for (const std::uint64_t id : ids) {
        const Collected& answer = house.collected(id);
        ASSERT_TRUE(answer.error) << id;
        EXPECT_EQ(answer.error->code, ErrorCode::Unavailable);
        EXPECT_EQ(answer.error->message, "the server is shutting down");
    }
    EXPECT_TRUE(house.collected(tooLong).error);
    EXPECT_FALSE(house.collected(gone).over());
}

TEST(Worker, ManyThreadsMaySubmitAndCancel) {
    WorkerHouse house({.maxRunning = 4, .contextTokens = 200}, 16);
    auto done = std::make_shared<base::Mailbox<bool>>();
    {
        std::vector<base::Thread> threads;
        for (std::uint64_t t = 0; t < 4; ++t) {
            threads.emplace_back("client", [&house, done, t] {
                for (std::uint64_t i = 0; i < 50; ++i) {
                    const SequenceId id{1000 + t * 1000 + i};
                    house.worker().submit(WorkerHouse::kLane, {.id = id,
                                           .request = greedy(scriptedPrompt(1 + i, t), 5),
                                           .sink =
                                               [done](const GenerationEvent& event) {
                                                   if (std::holds_alternative<GenerationFinished>(event))
                                                       done->post(true);
                                               },
                                           .submittedMs = 1});
                    if (i % 2 == 1) house.worker().cancel(id);
                    (void)house.status();
                    (void)house.worker().checkIntegrity();
                }
            });
        }
    }
    for (std::size_t finished = 0; finished < 100;) finished += done->wait().size();
    house.expectEmpty();
}

}  // namespace
}  // namespace larder::generate
