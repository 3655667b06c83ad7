// The sampler looks at few tokens of a row. What it chooses must be what weighing, sorting and adding up all of them
// gives, in the same integers, to the last bit: here in the plainest way.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <set>

#include "engine/generate/sampler.h"
#include "engine/kernels/math.h"
#include "tests/support/isas.h"

namespace larder::generate {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kLargest = std::numeric_limits<float>::max();

struct Question {
    std::vector<float> row;
    SamplingParams params;
    std::vector<TokenId> history;
    std::size_t promptTokens = 0;
    std::uint64_t position = 0;
};

float finite(float score) {
    if (score != score || score < -kLargest) return -kInfinity;
    return std::min(score, kLargest);
}

std::vector<float> changedScores(const Question& question) {
    const SamplingParams& params = question.params;
    std::vector<float> scores(question.row.size());
    std::transform(question.row.begin(), question.row.end(), scores.begin(), finite);
    const auto at = [&scores](TokenId token) -> float& { return scores[static_cast<std::size_t>(token)]; };
    for (const auto& [token, bias] : params.logitBias) at(token) += bias;
    if (params.repetitionPenalty != 1) {
        for (const TokenId token : std::set<TokenId>(question.history.begin(), question.history.end()))
            at(token) = at(token) > 0 ? at(token) / params.repetitionPenalty : at(token) * params.repetitionPenalty;
    }
    const auto answer = question.history.begin() + static_cast<std::ptrdiff_t>(question.promptTokens);
    for (const TokenId token : std::set<TokenId>(answer, question.history.end())) {
        const auto count = static_cast<float>(std::count(answer, question.history.end(), token));
        at(token) -= count * params.frequencyPenalty + params.presencePenalty;
    }
    std::transform(scores.begin(), scores.end(), scores.begin(), finite);
    return scores;
}

TokenId wholeRowChoice(const Question& question) {
    const SamplingParams& params = question.params;
    const std::vector<float> scores = changedScores(question);
    const float best = *std::max_element(scores.begin(), scores.end());
    std::vector<std::size_t> order(scores.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
    if (params.temperature == 0 || best == -kInfinity) return static_cast<TokenId>(order[0]);

    const float scale = std::clamp(kernels::kLog2e / params.temperature, 1e-30f, 1e30f);
    const auto weight = [&](std::size_t i) { return kernels::exp2Scalar((scores[i] - best) * scale); };
    const auto mass = [&](std::size_t i) { return static_cast<std::uint64_t>(weight(i) * 0x1p30f); };
    const auto total = [&] {
        return std::accumulate(order.begin(), order.end(), std::uint64_t{0},
                               [&](std::uint64_t sum, std::size_t i) { return sum + mass(i); });
    };
    if (params.topK > 0) order.resize(std::min(order.size(), static_cast<std::size_t>(params.topK)));
    if (params.topP < 1) {
        const double needed = std::max(1.0, std::ceil(static_cast<double>(params.topP) * static_cast<double>(total())));
        std::uint64_t sum = 0;
        std::size_t kept = 0;
        while (static_cast<double>(sum) < needed) sum += mass(order[kept++]);
        order.resize(kept);
    }
    std::erase_if(order, [&](std::size_t i) { return weight(i) < params.minP && scores[i] != best; });
    std::sort(order.begin(), order.end());
    const auto parts = static_cast<std::uint64_t>(uniformDraw(params.seed, question.position) * 0x1p24f);
    const std::uint64_t sum = total();
    std::uint64_t left = (sum >> 24) * parts + (((sum & 0xffffff) * parts) >> 24);  // sum * u, rounded down
    for (const std::size_t i : order) {
        if (left < mass(i)) return static_cast<TokenId>(i);
        left -= mass(i);
    }
    ADD_FAILURE() << "the masses do not add up";
    return -1;
}

class WholeRow : public testing::Test {
protected:
    float any(std::initializer_list<float> choices) { return choices.begin()[m_random() % choices.size()]; }
    std::size_t below(std::size_t limit) { return m_random() % limit; }

    std::vector<float> bulk(std::size_t vocabulary, float deviation) {
        std::normal_distribution<float> normal(0, deviation);
        std::vector<float> row(vocabulary);
        for (float& value : row) value = normal(m_random);
        return row;
    }

    // Params and history of every kind, extremes included.
    Question question(std::vector<float> row) {
        Question made{.row = std::move(row), .params = {}, .history = {}, .promptTokens = 0, .position = m_random()};
        const std::size_t vocabulary = made.row.size();
        SamplingParams& params = made.params;
        params.temperature = any({0, 1e-45f, 1e-10f, 0.01f, 0.5f, 0.8f, 1, 1, 1.5f, 3, 1e10f, 3e38f, kInfinity});
        params.topK = static_cast<int>(any({0, 0, 0, 1, 2, 40, 40, 300, 1000, 4000}));
        params.topP = any({1, 1, 1e-30f, 0.1f, 0.5f, 0.9f, 0.95f, 0.99f, 0.999999f});
        params.minP = any({0, 0, 0, 1e-38f, 1e-9f, 0.05f, 0.1f, 0.999f, 2});
        params.seed = m_random();
        if (below(4) == 0) {
            params.repetitionPenalty = any({1, 1.1f, 0.5f, 1e-38f});
            params.frequencyPenalty = any({0, 0.3f, -0.5f});
            params.presencePenalty = any({0, 0.7f, -2});
            for (std::size_t n = below(60); n > 0; --n) made.history.push_back(static_cast<TokenId>(below(vocabulary)));
            made.promptTokens = below(made.history.size() + 1);
        }
        for (std::size_t n = below(4) == 0 ? 3 : 0; n > 0; --n) {
            params.logitBias.emplace_back(static_cast<TokenId>(below(vocabulary)),
                                          any({-100, 5, 100, kInfinity, -kInfinity, 3e38f}));
        }
        return made;
    }

    void expectSameChoice(const Question& asked) {
        const TokenId expected = wholeRowChoice(asked);
        for (std::size_t i = 0; i < m_isas.size(); ++i) {
            const TokenId token =
                m_samplers[i].sample(asked.row, asked.params, asked.history, asked.promptTokens, asked.position);
            ASSERT_EQ(token, expected) << m_isas[i] << ", vocabulary " << asked.row.size() << ", temperature "
                                       << asked.params.temperature << ", top_k " << asked.params.topK << ", top_p "
                                       << asked.params.topP << ", min_p " << asked.params.minP;
        }
    }

    std::mt19937 m_random{20};
    const std::vector<std::string> m_isas = support::availableIsas();
    std::vector<Sampler> m_samplers = [this] {
        std::vector<Sampler> made;
        for (const std::string& isa : m_isas) made.emplace_back(*kernels::selectKernels(isa));
        return made;
    }();
};

TEST_F(WholeRow, DecidesForRowsOfAnyWidth) {
    for (int i = 0; i < 2000; ++i) {
        const float deviation = any({1e-30f, 0.01f, 1, 3, 3, 10, 1e30f});
        expectSameChoice(question(bulk(1 + below(2000), deviation)));
        if (HasFatalFailure()) return;
    }
}

TEST_F(WholeRow, DecidesForALargeVocabularyPeakedOrFlat) {
    for (int i = 0; i < 60; ++i) {
        std::vector<float> row = bulk(49152, any({0.3f, 3, 3}));
        for (std::size_t n = below(30); n > 0; --n) row[below(row.size())] = 10 + static_cast<float>(below(1500)) / 100;
        expectSameChoice(question(std::move(row)));
        if (HasFatalFailure()) return;
    }
}

TEST_F(WholeRow, DecidesAmongTies) {
    for (int i = 0; i < 1000; ++i) {
        std::vector<float> row = bulk(1 + below(1500), any({0, 1, 4}));
        for (float& value : row) value = std::round(value);
        for (std::size_t n = below(5); n > 0; --n) row[below(row.size())] = any({0.0f, -0.0f});
        expectSameChoice(question(std::move(row)));
        if (HasFatalFailure()) return;
    }
}

TEST_F(WholeRow, DecidesForABrokenModel) {
    for (int i = 0; i < 1000; ++i) {
        std::vector<float> row = bulk(2 + below(1500), 3);
        for (std::size_t n = row.size() / 20 + 1; n > 0; --n)
            row[below(row.size())] = any({kNan, kNan, -kInfinity, kInfinity, 3e38f, -3e38f});
        row[1] = 1;
        expectSameChoice(question(std::move(row)));
        if (HasFatalFailure()) return;
    }
    Question nothing = question({kNan, -kInfinity, kNan});
    nothing.params.temperature = 1;
    nothing.params.logitBias.clear();
    expectSameChoice(nothing);
}

// Tokens of one or two units each, which only the highest draws reach.
TEST_F(WholeRow, DecidesAmongTheFaintest) {
    Question asked;
    asked.row.assign(20000, -29.0f / kernels::kLog2e);
    asked.row[0] = 0;
    for (std::size_t i = 1; i < asked.row.size(); i += 3) asked.row[i] = -29.99f / kernels::kLog2e;
    int faint = 0;
    for (; faint < 20; ++asked.position) {
        if (uniformDraw(asked.params.seed, asked.position) < 0.99998f) continue;
        expectSameChoice(asked);
        ASSERT_GT(wholeRowChoice(asked), 0);
        ++faint;
    }
}

// The same for logprobs: the sum is over the whole row, and NaN has its place among -inf.
TEST_F(WholeRow, LogprobsKnowEveryToken) {
    for (int i = 0; i < 300; ++i) {
        std::vector<float> row = bulk(1 + below(2000), 3);
        for (std::size_t n = below(3) * row.size() / 3; n > 0; --n) row[below(row.size())] = any({kNan, -kInfinity, 1});
        std::vector<float> scores(row.size());
        std::transform(row.begin(), row.end(), scores.begin(), finite);
        std::vector<TokenId> order(row.size());
        std::iota(order.begin(), order.end(), 0);
        const auto score = [&](TokenId token) { return scores[static_cast<std::size_t>(token)]; };
        std::stable_sort(order.begin(), order.end(), [&](TokenId a, TokenId b) { return score(a) > score(b); });
        const int top = static_cast<int>(any({1, 5, 20, 400, 3000}));
        for (Sampler& sampler : m_samplers) {
            const PositionLogprobs found = sampler.logprobs(row, order[0], top);
            ASSERT_EQ(found.top.size(), std::min(row.size(), static_cast<std::size_t>(top)));
            for (std::size_t k = 0; k < found.top.size(); ++k) ASSERT_EQ(found.top[k].token, order[k]);
            for (std::size_t k = 0; k < found.top.size(); k += 1 + k * 2)
                ASSERT_EQ(found.top[k].logprob, m_samplers[0].logprobs(row, order[k], 0).chosen.logprob);
        }
    }
}

}  // namespace
}  // namespace larder::generate
