// One request, many ways to compute it: alone, in a batch, in chunks of any size, preempted and resumed. The answers
// must be equal to the model's definition in every token and every bit of the logits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "engine/generate/worker.h"
#include "tests/generate/worker_house.h"

namespace larder::generate {
namespace {

constexpr std::size_t kChunks[] = {0, 1, 7, 64, 512};

struct Counts {
    std::atomic<int> sequencesBegun = 0;  // chunks at position 0: more than requests means that some began again
    std::atomic<std::size_t> largestBatch = 0;
};

std::function<void(const model::Batch&)> countInto(Counts& counts) {
    return [&counts](const model::Batch& batch) {
        for (const auto& sequence : batch.sequences) counts.sequencesBegun += sequence.firstPosition == 0;
        counts.largestBatch = std::max(counts.largestBatch.load(), batch.sequences.size());
    };
}

TEST(SameAnswer, AloneBatchedAndInChunks) {
    const auto prompt = scriptedPrompt(700, 1);
    const ExpectedAnswer expected = expectedGreedy(prompt, 40);
    for (const std::size_t chunk : kChunks) {
        Counts counts;
        WorkerHouse house({.maxRunning = 9, .contextTokens = 2000, .maxChunkTokens = chunk}, 300, countInto(counts));
        const Collected& alone = house.run(greedy(prompt, 40));
        EXPECT_EQ(alone.ids(), expected.ids) << "chunk " << chunk;
        EXPECT_EQ(alone.hashes(), expected.hashes) << "chunk " << chunk;

        house.hold();
        std::vector<std::uint64_t> ids;
        for (std::uint64_t i = 0; i < 8; ++i)
            ids.push_back(house.submit(greedy(scriptedPrompt(50 + 90 * i, 10 + i), 60)));
        const auto subject = house.submit(greedy(prompt, 40));
        house.release();
        EXPECT_EQ(house.wait(subject).ids(), expected.ids) << "chunk " << chunk;
        EXPECT_EQ(house.wait(subject).hashes(), expected.hashes) << "chunk " << chunk;
        for (std::uint64_t i = 0; i < 8; ++i)
            EXPECT_EQ(house.wait(ids[i]).ids(), expectedGreedy(scriptedPrompt(50 + 90 * i, 10 + i), 60).ids);
        EXPECT_EQ(counts.sequencesBegun, 9) << "the subject was known";
        EXPECT_EQ(counts.largestBatch, 9u);
        house.expectEmpty();
    }
}

TEST(SameAnswer, PreemptedAndResumed) {
    for (const std::size_t chunk : kChunks) {
        WorkerHouse house({.contextTokens = 800, .stepTokens = 200, .maxChunkTokens = chunk}, 16);
        house.hold();
        std::vector<std::uint64_t> ids;
        for (std::uint64_t i = 0; i < 6; ++i) ids.push_back(house.submit(greedy(scriptedPrompt(100 + i, i), 0)));
        house.release();
        for (std::uint64_t i = 0; i < 6; ++i) {
            const Collected& answer = house.wait(ids[i]);
            const ExpectedAnswer expected = expectedGreedy(scriptedPrompt(100 + i, i), 700 - i);
            EXPECT_EQ(answer.ids(), expected.ids) << "chunk " << chunk;
            EXPECT_EQ(answer.hashes(), expected.hashes) << "chunk " << chunk;
            EXPECT_EQ(answer.finished->promptTokens, 100 + i);
            EXPECT_EQ(answer.finished->generatedTokens, 700 - i);
            for (std::size_t k = 1; k < answer.progress.size(); ++k)
                EXPECT_GT(answer.progress[k].computedTokens, answer.progress[k - 1].computedTokens);
        }
        EXPECT_GT(house.status().preemptions, 0u) << "nothing was preempted: the test does not test";
        EXPECT_EQ(house.status().usage.promptTokens, 6 * 100 + 15u);
        house.expectEmpty();
    }
}

// Sampled answers and logprobs, which have state of their own (seed, penalties, prompt logprobs).
TEST(SameAnswer, SampledWithLogprobsUnderPressureAndAlone) {
    const auto request = [](std::uint64_t i) {
        GenerationRequest result = greedy(scriptedPrompt(90 + 20 * i, i), 300);
        result.sampling = {.temperature = 0.8f,
                           .topK = 40,
                           .topP = 0.95f,
                           .minP = 0.01f,
                           .repetitionPenalty = 1.1f,
                           .frequencyPenalty = 0.2f,
                           .presencePenalty = 0.1f,
                           .logitBias = {{3, -100.0f}},
                           .seed = 77 + i};
        result.topLogprobs = 3;
        result.promptLogprobs = true;
        return result;
    };
    WorkerHouse roomy({.contextTokens = 800}, 300);
    WorkerHouse tight({.contextTokens = 800, .stepTokens = 64}, 13);
    tight.hold();
    std::vector<std::uint64_t> ids;
    for (std::uint64_t i = 0; i < 5; ++i) ids.push_back(tight.submit(request(i)));
    tight.release();
    for (std::uint64_t i = 0; i < 5; ++i) {
        const Collected& alone = roomy.run(request(i));
        const Collected& pressed = tight.wait(ids[i]);
        EXPECT_EQ(alone.ids(), pressed.ids());
        EXPECT_EQ(alone.hashes(), pressed.hashes());
        EXPECT_THAT(alone.ids(), testing::Not(testing::Contains(3)));
        ASSERT_EQ(alone.tokens.size(), 300u);
        for (std::size_t k = 0; k < 300; ++k) {
            ASSERT_EQ(alone.tokens[k].logprobs->chosen.token, alone.tokens[k].token);
            ASSERT_EQ(alone.tokens[k].logprobs->chosen.logprob, pressed.tokens[k].logprobs->chosen.logprob);
        }
        ASSERT_TRUE(alone.promptLogprobs && pressed.promptLogprobs);
        const auto& a = alone.promptLogprobs->positions;
        const auto& b = pressed.promptLogprobs->positions;
        ASSERT_EQ(a.size(), 90 + 20 * i - 1);
        ASSERT_EQ(b.size(), a.size());
        for (std::size_t k = 0; k < a.size(); ++k) ASSERT_EQ(a[k].chosen.logprob, b[k].chosen.logprob);
    }
    EXPECT_GT(tight.status().preemptions, 0u) << "nothing was preempted: the test does not test";
}

// A short prompt that arrives behind a very long one answers while that is still being computed.
TEST(SameAnswer, AShortPromptIsNotStuckBehindALongOne) {
    WorkerHouse house({.contextTokens = 100000, .stepTokens = 64}, 2000);
    house.hold();
    const auto longOne = house.submit(greedy(scriptedPrompt(64 * 300, 1), 1));
    house.waitForProgress(longOne);
    const auto shortOne = house.submit(greedy(scriptedPrompt(50, 2), 3));
    house.release();
    house.wait(shortOne);
    house.wait(longOne);
    EXPECT_EQ(house.finishOrder(), (std::vector{shortOne, longOne}));
    EXPECT_EQ(house.collected(longOne).ids(), expectedGreedy(scriptedPrompt(64 * 300, 1), 1).ids);
}

}  // namespace
}  // namespace larder::generate
