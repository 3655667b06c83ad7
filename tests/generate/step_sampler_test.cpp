// A step's rows give the same whoever looks at them: one thread, or the threads of a pool.
#include "engine/generate/step_sampler.h"

#include <gtest/gtest.h>

#include <random>

#include "engine/base/hash.h"
#include "tests/generate/worker_house.h"

namespace larder::generate {
namespace {

constexpr std::size_t kVocabulary = 1000;

Submit submit(std::uint64_t id) {
    Submit message;
    message.id = SequenceId{id};
    message.request.prompt = scriptedPrompt(10 + id, id);
    message.request.sampling.seed = id;
    message.request.sampling.topK = id % 2 == 0 ? 40 : 0;
    message.request.sampling.topP = id % 3 == 0 ? 0.9f : 1.0f;
    message.request.sampling.repetitionPenalty = id % 5 == 0 ? 1.2f : 1.0f;
    message.request.topLogprobs = id % 4 == 0 ? 3 : -1;
    message.request.logitsHash = id % 7 == 0;
    message.sink = [](const GenerationEvent&) {};
    return message;
}

TEST(StepSampler, ThreadsChangeNothing) {
    std::vector<Sequence> sequences;
    for (std::uint64_t id = 0; id < 20; ++id) sequences.emplace_back(submit(id));
    std::vector<LogitsUse> uses;
    for (Sequence& sequence : sequences) {
        uses.push_back({.sequence = &sequence, .position = 3, .forPrompt = true});
        uses.push_back({.sequence = &sequence, .position = sequence.tokens.size() - 1, .forPrompt = false});
    }
    std::mt19937 random(1);
    std::normal_distribution<float> normal(0, 3);
    std::vector<float> logits(uses.size() * kVocabulary);
    for (float& logit : logits) logit = normal(random);

    const kernels::Kernels& kernels = *kernels::selectKernels("");
    for (const std::size_t threads : {0, 1, 2, 3, 7, 64}) {
        base::ThreadPool pool(threads);
        StepSampler shared(kernels, threads == 0 ? nullptr : &pool);
        Sampler alone(kernels);
        for (const std::size_t count : {uses.size(), std::size_t{1}, std::size_t{0}, std::size_t{5}}) {
            const auto results = shared.run(std::span(uses).first(count), std::span(logits).first(count * kVocabulary));
            ASSERT_EQ(results.size(), count);
            for (std::size_t i = 0; i < count; ++i) {
                const Sequence& sequence = *uses[i].sequence;
                const auto row = std::span<const float>(logits).subspan(i * kVocabulary, kVocabulary);
                const TokenId expected = uses[i].forPrompt
                                             ? sequence.tokens[4]
                                             : alone.sample(row, sequence.request.sampling, sequence.tokens,
                                                            sequence.promptTokens, sequence.tokens.size());
                ASSERT_EQ(results[i].token, expected);
                ASSERT_EQ(results[i].logprobs.has_value(), uses[i].forPrompt || sequence.request.topLogprobs >= 0);
                if (results[i].logprobs) {
                    const auto logprobs = alone.logprobs(row, expected, std::max(0, sequence.request.topLogprobs));
                    ASSERT_EQ(results[i].logprobs->chosen.logprob, logprobs.chosen.logprob);
                    ASSERT_EQ(results[i].logprobs->top.size(), logprobs.top.size());
                }
                const bool hashed = !uses[i].forPrompt && sequence.request.logitsHash;
                ASSERT_EQ(results[i].logitsHash, hashed ? base::hash64(std::as_bytes(row)) : 0);
            }
        }
    }
}

// Whole answers, events in order, from a worker that has a pool: as without.
TEST(StepSampler, AWorkerWithAPoolAnswersTheSame) {
    const auto request = [](std::uint64_t i) {
        GenerationRequest made = greedy(scriptedPrompt(30 + 7 * i, i), 100);
        made.sampling.temperature = 0.9f;
        made.sampling.topP = 0.9f;
        made.sampling.seed = i;
        made.topLogprobs = i % 2 == 0 ? 2 : -1;
        made.promptLogprobs = i % 2 == 0;
        return made;
    };
    base::ThreadPool pool(3);
    WorkerHouse alone({.contextTokens = 800}, 300);
    WorkerHouse together({.contextTokens = 800, .pool = &pool}, 300);
    together.hold();
    std::vector<std::uint64_t> ids;
    for (std::uint64_t i = 0; i < 8; ++i) ids.push_back(together.submit(request(i)));
    together.release();
    for (std::uint64_t i = 0; i < 8; ++i) {
        const Collected& expected = alone.run(request(i));
        const Collected& found = together.wait(ids[i]);
        EXPECT_EQ(found.ids(), expected.ids());
        EXPECT_EQ(found.hashes(), expected.hashes());
        EXPECT_EQ(found.promptLogprobs.has_value(), i % 2 == 0);
        for (std::size_t k = 0; i % 2 == 0 && k < expected.tokens.size(); ++k)
            EXPECT_EQ(found.tokens[k].logprobs->chosen.logprob, expected.tokens[k].logprobs->chosen.logprob);
    }
    together.expectEmpty();
}

}  // namespace
}  // namespace larder::generate
