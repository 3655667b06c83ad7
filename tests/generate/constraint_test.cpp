// Answers that are kept to a grammar: only what is allowed is chosen, the rest of sampling is as ever, and an answer is the
// same alone, in a batch, after preemption and where its prompt was known.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "engine/generate/step_sampler.h"
#include "tests/generate/worker_house.h"

namespace larder::generate {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr auto kVocabulary = static_cast<std::size_t>(support::kScriptedVocabulary);

// Free for some tokens; then what may come depends on all that was accepted. Notes what happens to it.
class ScriptedConstraint : public Constraint {
public:
    explicit ScriptedConstraint(std::size_t freeTokens = 0) : m_free(freeTokens) {}

    static bool allows(const std::vector<TokenId>& accepted, std::size_t token) {
        std::uint64_t hash = accepted.size();
        for (const TokenId each : accepted) hash = support::scriptedMix(hash * 31 + static_cast<std::uint64_t>(each));
        return token == hash % kVocabulary || support::scriptedMix(hash + token) % 8 == 0;
    }

    bool active() const override { return accepted.size() >= m_free; }
    void allowed(std::span<std::uint64_t> mask) override {
        ++asked;
        ASSERT_EQ(mask.size(), (kVocabulary + 63) / 64);
        std::ranges::fill(mask, 0);
        for (std::size_t token = 0; token < kVocabulary; ++token)
            if (allows(accepted, token)) mask[token / 64] |= std::uint64_t{1} << (token % 64);
    }
    void accept(TokenId token) override {
        EXPECT_TRUE(!active() || allows(accepted, static_cast<std::size_t>(token)));
        accepted.push_back(token);
    }

    std::vector<TokenId> accepted;
    std::size_t asked = 0;

private:
    const std::size_t m_free;
};

// One mask for ever.
class FixedConstraint : public Constraint {
public:
    explicit FixedConstraint(std::vector<TokenId> tokens) : m_tokens(std::move(tokens)) {}
    bool active() const override { return true; }
    void allowed(std::span<std::uint64_t> mask) override {
        std::ranges::fill(mask, 0);
        for (const TokenId token : m_tokens) mask[static_cast<std::size_t>(token) / 64] |= std::uint64_t{1} << (token % 64);
    }
    void accept(TokenId) override {}

private:
    const std::vector<TokenId> m_tokens;
};

TokenId drawn(const std::vector<float>& row, const SamplingParams& params, std::vector<TokenId> allowed, std::vector<TokenId> prompt = {1}) {
    Submit message;
    message.request.prompt = std::move(prompt);
    message.request.sampling = params;
    message.request.constraint = std::make_shared<FixedConstraint>(std::move(allowed));
    message.sink = [](const GenerationEvent&) {};
    Sequence sequence(std::move(message));
    StepSampler sampler(*kernels::selectKernels(""), nullptr);
    const LogitsUse use{.sequence = &sequence, .position = sequence.tokens.size() - 1, .forPrompt = false};
    return sampler.run(std::span(&use, 1), row)[0].token;
}

SamplingParams greedyParams() {
    SamplingParams params;
    params.temperature = 0;
    return params;
}

TEST(MaskedSampling, TheBestOfWhatIsAllowed) {
    std::vector<float> row(200);
    for (std::size_t i = 0; i < row.size(); ++i) row[i] = static_cast<float>(i);
    EXPECT_EQ(drawn(row, greedyParams(), {3, 70, 150}), 150);
    EXPECT_EQ(drawn(row, greedyParams(), {3}), 3);
    SamplingParams biased = greedyParams();
    biased.logitBias = {{199, 1000.0f}, {3, 100.0f}};  // comes after the mask: allows nothing, orders what is allowed
    EXPECT_EQ(drawn(row, biased, {3, 70}), 3);
    SamplingParams penalised = greedyParams();
    penalised.repetitionPenalty = 3;
    EXPECT_EQ(drawn(row, penalised, {60, 70}, {70}), 60);
}

TEST(MaskedSampling, DrawsAreFromWhatIsAllowedOnly) {
    std::vector<float> row(1000, 5.0f);
    std::vector<std::size_t> counts(1000);
    for (const auto& [topK, topP, minP] : {std::tuple{0, 1.0f, 0.0f}, {2, 1.0f, 0.0f}, {0, 0.9f, 0.0f}, {0, 1.0f, 0.1f}, {500, 0.99f, 0.01f}}) {
        for (std::uint64_t seed = 0; seed < 300; ++seed) {
            SamplingParams params;
            params.topK = topK;
            params.topP = topP;
            params.minP = minP;
            params.temperature = 1.5f;
            params.seed = seed;
            ++counts[static_cast<std::size_t>(drawn(row, params, {64, 63, 999}))];
        }
    }
    EXPECT_EQ(counts[63] + counts[64] + counts[999], 1500u);
    EXPECT_GT(counts[63], 400u);
    EXPECT_GT(counts[64], 400u);
    EXPECT_GT(counts[999], 150u);  // not where two may come
}

// Rows of a broken model, and factors that leave nothing finite: still only what is allowed.
TEST(MaskedSampling, WhatIsAllowedWinsWhateverTheScores) {
    SamplingParams banned = greedyParams();
    banned.logitBias = {{7, -kInfinity}, {9, -kInfinity}};
    SamplingParams drawing;
    for (const float score : {kNan, -kInfinity, kInfinity, -std::numeric_limits<float>::max(), 0.0f}) {
        std::vector<float> row(100, 3.0f);
        row[7] = row[9] = score;
        for (const SamplingParams& params : {greedyParams(), drawing, banned}) EXPECT_THAT(drawn(row, params, {7, 9}), testing::AnyOf(7, 9)) << score;
    }
    EXPECT_EQ(drawn(std::vector<float>(100, kNan), greedyParams(), {7, 9}), 7);
}

TEST(MaskedSampling, LogprobsAndHashAreTheRawRows) {
    WorkerHouse house({.contextTokens = 800}, 300);
    const auto prompt = scriptedPrompt(30, 1);
    GenerationRequest request = greedy(prompt, 20);
    request.topLogprobs = 2;
    auto constraint = std::make_shared<ScriptedConstraint>();
    request.constraint = constraint;
    const Collected& answer = house.run(request);
    ASSERT_EQ(answer.tokens.size(), 20u);
    std::vector<TokenId> tokens = prompt;
    Sampler raw(*kernels::selectKernels(""));
    for (const GeneratedToken& token : answer.tokens) {
        const std::vector<float> row = support::scriptedLogits(tokens, support::kScriptedVocabulary, support::ScriptedKind::Attention);
        EXPECT_EQ(token.logitsHash, base::hash64(std::as_bytes(std::span(row))));
        const PositionLogprobs expected = raw.logprobs(row, token.token, 2);
        EXPECT_EQ(token.logprobs->chosen.logprob, expected.chosen.logprob);
        EXPECT_EQ(token.logprobs->top[0].token, expected.top[0].token);
        tokens.push_back(token.token);
    }
    EXPECT_EQ(constraint->accepted, answer.ids());
    EXPECT_EQ(constraint->asked, 20u);
}

// The answer by definition: the best of what is allowed, token by token.
std::vector<TokenId> expectedAnswer(std::vector<TokenId> tokens, std::size_t n, std::size_t freeTokens) {
    std::vector<TokenId> answer;
    for (std::size_t i = 0; i < n; ++i) {
        const std::vector<float> row = support::scriptedLogits(tokens, support::kScriptedVocabulary, support::ScriptedKind::Attention);
        std::size_t best = kVocabulary;
        for (std::size_t k = 0; k < row.size(); ++k)
            if ((i < freeTokens || ScriptedConstraint::allows(answer, k)) && (best == kVocabulary || row[k] > row[best])) best = k;
        answer.push_back(static_cast<TokenId>(best));
        tokens.push_back(answer.back());
    }
    return answer;
}

TEST(SameConstrainedAnswer, AloneBatchedPreemptedAndReused) {
    base::ThreadPool pool(3);
    const auto request = [](std::uint64_t i, std::size_t n) {
        GenerationRequest made = greedy(scriptedPrompt(100 + i, i), n);
        if (i % 3 != 2) made.constraint = std::make_shared<ScriptedConstraint>(i % 2 * 5);  // others have none
        return made;
    };
    const auto expected = [](std::uint64_t i, std::size_t n) { return expectedAnswer(scriptedPrompt(100 + i, i), n, i % 3 != 2 ? i % 2 * 5 : n); };
    constexpr std::size_t kTokens = 600;  // what is asked is not told, so that room is not kept for it
    for (const std::size_t chunk : {0, 64}) {
        WorkerHouse roomy({.contextTokens = 100 + kTokens, .maxChunkTokens = chunk}, 300);
        WorkerHouse tight({.contextTokens = 100 + kTokens, .stepTokens = 200, .maxChunkTokens = chunk, .pool = &pool}, 16);
        tight.hold();
        std::vector<std::uint64_t> ids;
        for (std::uint64_t i = 0; i < 6; ++i) ids.push_back(tight.submit(request(i, 0)));
        tight.release();
        for (std::uint64_t i = 0; i < 6; ++i) {
            const std::vector<TokenId> answer = expected(i, kTokens - i);
            EXPECT_EQ(tight.wait(ids[i]).ids(), answer) << i;
            EXPECT_EQ(roomy.run(request(i, 0)).ids(), answer) << i;
            const Collected& again = roomy.run(request(i, 0));
            EXPECT_EQ(again.ids(), answer) << i;
            EXPECT_GT(again.finished->cachedTokens, 60u);
        }
        EXPECT_GT(tight.status().preemptions, 0u) << "nothing was preempted: the test does not test";
        tight.expectEmpty();
    }
}

// Prompt rows are no choice; a token that ends the answer is not accepted.
TEST(SameConstrainedAnswer, AskedOnceForEachTokenThatIsChosen) {
    WorkerHouse house({.contextTokens = 800}, 300);
    auto constraint = std::make_shared<ScriptedConstraint>(2);
    GenerationRequest request = greedy(scriptedPrompt(150, 4), 30);
    request.topLogprobs = 0;
    request.promptLogprobs = true;
    request.constraint = constraint;
    const std::vector<TokenId> whole = expectedAnswer(request.prompt, 30, 2);
    const auto stopAt = static_cast<std::size_t>(std::ranges::find(whole, whole[12]) - whole.begin());
    request.stopTokens = {whole[12]};
    const Collected& answer = house.run(request);
    EXPECT_EQ(answer.finished->reason, FinishReason::Stop);
    EXPECT_EQ(answer.ids(), std::vector(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(stopAt)));
    EXPECT_EQ(constraint->accepted, answer.ids());
    EXPECT_EQ(constraint->asked, stopAt + 1 - 2);
    EXPECT_EQ(answer.promptLogprobs->positions.size(), 149u);
}

}  // namespace
}  // namespace larder::generate
