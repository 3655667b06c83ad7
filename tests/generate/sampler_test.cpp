#include "engine/generate/sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <random>
#include <set>

#include "engine/kernels/kernels.h"

namespace larder::generate {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

const kernels::Kernels& table(const char* isa = "") {
    return *kernels::selectKernels(isa);
}

SamplingParams plain(std::uint64_t seed = 0) {
    SamplingParams params;
    params.seed = seed;
    return params;
}

std::vector<float> randomRow(std::mt19937& random, std::size_t vocabulary, float deviation) {
    std::normal_distribution<float> normal(0, deviation);
    std::vector<float> row(vocabulary);
    for (float& value : row) value = normal(random);
    return row;
}

TokenId draw(const std::vector<float>& row, const SamplingParams& params, std::uint64_t position = 0,
             const std::vector<TokenId>& history = {}, std::size_t promptTokens = 0) {
    Sampler sampler(table());
    return sampler.sample(row, params, history, promptTokens, position);
}

// What sample() promises, said as plainly as possible: the probabilities of the tokens that remain, in doubles.
std::map<TokenId, double> reference(std::vector<float> row, const SamplingParams& params,
                                    const std::vector<TokenId>& history, std::size_t promptTokens) {
    for (const auto& [token, bias] : params.logitBias) row[static_cast<std::size_t>(token)] += bias;
    for (const TokenId token : std::set<TokenId>(history.begin(), history.end())) {
        float& score = row[static_cast<std::size_t>(token)];
        score = score > 0 ? score / params.repetitionPenalty : score * params.repetitionPenalty;
    }
    std::map<TokenId, int> counts;
    for (std::size_t i = promptTokens; i < history.size(); ++i) ++counts[history[i]];
    for (const auto& [token, count] : counts)
        row[static_cast<std::size_t>(token)] -=
            static_cast<float>(count) * params.frequencyPenalty + params.presencePenalty;

    std::vector<TokenId> order(row.size());
    std::iota(order.begin(), order.end(), 0);
    const auto score = [&row](TokenId token) { return row[static_cast<std::size_t>(token)]; };
    std::stable_sort(order.begin(), order.end(), [&](TokenId a, TokenId b) { return score(a) > score(b); });
    if (params.temperature == 0) return {{order[0], 1.0}};
    if (params.topK > 0) order.resize(std::min(order.size(), static_cast<std::size_t>(params.topK)));
    const double best = score(order[0]);
    const auto weight = [&](TokenId token) { return std::exp((score(token) - best) / params.temperature); };
    double total = 0;
    for (const TokenId token : order) total += weight(token);
    if (params.topP < 1) {
        double sum = 0;
        std::size_t kept = 0;
        while (kept < order.size() && sum < params.topP * total) sum += weight(order[kept++]);
        order.resize(std::max<std::size_t>(kept, 1));
    }
    std::map<TokenId, double> result;
    total = 0;
    for (const TokenId token : order) {
        if (weight(token) >= params.minP) total += result[token] = weight(token);
    }
    for (auto& [token, probability] : result) probability /= total;
    return result;
}

// The token the reference draws: the cumulative distribution in order of ids.
TokenId referenceDraw(const std::map<TokenId, double>& distribution, std::uint64_t seed, std::uint64_t position) {
    double left = uniformDraw(seed, position);
    for (const auto& [token, probability] : distribution) {
        if (left < probability) return token;
        left -= probability;
    }
    return distribution.rbegin()->first;
}

TEST(UniformDraw, IsUniformAndIndependentOverSeedsAndPositions) {
    std::vector<int> bins(100);
    double correlation = 0;
    float previous = 0.5f;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        for (std::uint64_t position = 0; position < 1000; ++position) {
            const float u = uniformDraw(seed, position);
            ASSERT_GE(u, 0);
            ASSERT_LT(u, 1);
            ++bins[static_cast<std::size_t>(u * 100)];
            correlation += (u - 0.5) * (previous - 0.5);
            previous = u;
        }
    }
    double chi = 0;
    for (const int count : bins) chi += (count - 1000.0) * (count - 1000.0) / 1000.0;
    EXPECT_LT(chi, 149);  // 99 degrees of freedom: exceeded once in a thousand seeds
    EXPECT_LT(std::abs(correlation / 100000 * 12), 0.01);
    EXPECT_EQ(uniformDraw(5, 6), uniformDraw(5, 6));
    EXPECT_NE(uniformDraw(5, 6), uniformDraw(6, 5));
}

TEST(Sampler, GreedyTakesTheHighestAndOfEqualOnesTheLowestId) {
    SamplingParams params;
    params.temperature = 0;
    EXPECT_EQ(draw({1, 3, 2, 3}, params), 1);
    EXPECT_EQ(draw({-kInfinity, -5, -7}, params), 1);
    EXPECT_EQ(draw({0.0f, -0.0f}, params), 0);
    EXPECT_EQ(draw({-0.0f, 0.0f}, params), 0);
    for (std::size_t vocabulary = 1; vocabulary < 70; ++vocabulary) {
        for (std::size_t at = 0; at < vocabulary; ++at) {
            std::vector<float> row(vocabulary, -1);
            row[at] = 2;
            row.back() = 2;
            ASSERT_EQ(draw(row, params), static_cast<TokenId>(at));
        }
    }
}

TEST(Sampler, TopKOfOneEqualsGreedyAtAnyTemperature) {
    std::mt19937 random(1);
    for (int i = 0; i < 200; ++i) {
        auto row = randomRow(random, 300, 3);
        const auto high = std::max_element(row.begin(), row.end());
        row[random() % 300] = *high;                         // a tie
        row[random() % 300] = std::nextafterf(*high, 0.0f);  // nearly a tie
        SamplingParams greedy;
        greedy.temperature = 0;
        SamplingParams one = plain(static_cast<std::uint64_t>(i));
        one.topK = 1;
        one.temperature = i % 2 == 0 ? 100.0f : 0.5f;
        EXPECT_EQ(draw(row, one), draw(row, greedy));
    }
}

TEST(Sampler, EqualsTheStraightforwardReference) {
    std::mt19937 random(2);
    const auto any = [&random](auto... choices) {
        const float values[] = {static_cast<float>(choices)...};
        return values[random() % sizeof...(choices)];
    };
    Sampler sampler(table());
    int differing = 0;
    for (int i = 0; i < 3000; ++i) {
        const std::size_t vocabulary = 1 + random() % 2000;
        const auto row = randomRow(random, vocabulary, any(0.01, 1, 3, 10));
        std::vector<TokenId> history;
        for (std::size_t n = random() % 100; n > 0; --n)
            history.push_back(static_cast<TokenId>(random() % std::min<std::size_t>(vocabulary, 50)));
        const std::size_t promptTokens = history.empty() ? 0 : random() % history.size();
        SamplingParams params = plain(random());
        params.temperature = any(0, 0.01, 0.7, 1, 1, 1, 2, 50);
        params.topK = static_cast<int>(any(0, 0, 1, 2, 40, 500, 5000));
        params.topP = any(1, 1, 0.0001, 0.1, 0.5, 0.9, 0.95, 0.999);
        params.minP = any(0, 0, 0.01, 0.1, 0.9);
        params.repetitionPenalty = any(1, 1, 1.3, 0.8);
        params.frequencyPenalty = any(0, 0, 0.5, -0.5);
        params.presencePenalty = any(0, 0, 0.7, -2);
        if (random() % 3 == 0) params.logitBias = {{0, 2.5f}, {static_cast<TokenId>(vocabulary - 1), -100.0f}};
        const auto distribution = reference(row, params, history, promptTokens);
        const TokenId token = sampler.sample(row, params, history, promptTokens, static_cast<std::uint64_t>(i));
        // Rounding may decide a draw at the very border of two tokens, or of a filter; not more than that.
        differing += token != referenceDraw(distribution, params.seed, static_cast<std::uint64_t>(i));
    }
    EXPECT_LE(differing, 3);
}

TEST(Sampler, DrawsFromTheDistribution) {
    std::mt19937 random(3);
    const auto row = randomRow(random, 40, 1.5f);
    for (const int topK : {0, 10}) {
        for (const float topP : {1.0f, 0.8f}) {
            SamplingParams params = plain(9);
            params.topK = topK;
            params.topP = topP;
            params.temperature = 0.9f;
            const auto expected = reference(row, params, {}, 0);
            std::map<TokenId, int> counts;
            constexpr int kDraws = 50000;
            Sampler sampler(table());
            for (std::uint64_t position = 0; position < kDraws; ++position)
                ++counts[sampler.sample(row, params, {}, 0, position)];
            double chi = 0;
            for (const auto& [token, probability] : expected) {
                const double mean = probability * kDraws;
                chi += (counts[token] - mean) * (counts[token] - mean) / mean;
            }
            for (const auto& [token, count] : counts) EXPECT_TRUE(expected.contains(token)) << token;
            const auto freedom = static_cast<double>(expected.size() - 1);
            EXPECT_LT(chi, freedom + 4 * std::sqrt(2 * freedom)) << "top_k " << topK << " top_p " << topP;
        }
    }
}

TEST(Sampler, SeedAndPositionDecideAndNothingElse) {
    std::mt19937 random(4);
    const auto row = randomRow(random, 1000, 1);
    const auto other = randomRow(random, 777, 2);
    Sampler fresh(table());
    Sampler used(table());
    std::set<TokenId> seen;
    for (std::uint64_t position = 0; position < 100; ++position) {
        (void)used.sample(other, plain(position), {}, 0, 3);
        (void)used.logprobs(other, 5, 9);
        const TokenId token = fresh.sample(row, plain(1), {}, 0, position);
        EXPECT_EQ(used.sample(row, plain(1), {}, 0, position), token);
        seen.insert(token);
    }
    EXPECT_GT(seen.size(), 50u);
}

TEST(Sampler, LogitBiasBansAndForces) {
    std::mt19937 random(5);
    const auto row = randomRow(random, 50, 2);
    SamplingParams params = plain();
    for (TokenId token = 0; token < 50; ++token) {
        if (token % 2 == 0) params.logitBias.emplace_back(token, -100.0f);
    }
    for (std::uint64_t position = 0; position < 500; ++position) ASSERT_EQ(draw(row, params, position) % 2, 1);
    params.logitBias = {{17, 100.0f}, {-1, 100.0f}, {50, 100.0f}};  // ids that do not exist are nobody's
    for (std::uint64_t position = 0; position < 100; ++position) ASSERT_EQ(draw(row, params, position), 17);
    params.temperature = 0;
    EXPECT_EQ(draw(row, params), 17);
}

TEST(Sampler, PenaltiesCountWhatTheyShould) {
    SamplingParams params;
    params.temperature = 0;
    params.presencePenalty = 1;
    EXPECT_EQ(draw({2, 1.5f, 0}, params, 0, {0}, 1), 0);  // the prompt is not penalised
    EXPECT_EQ(draw({2, 1.5f, 0}, params, 0, {0}, 0), 1);
    EXPECT_EQ(draw({2.7f, 1.5f, 0}, params, 0, {0, 0}, 0), 0);  // once, however often it occurred
    params.presencePenalty = 0;
    params.frequencyPenalty = 0.5f;
    EXPECT_EQ(draw({2, 1.2f, 0}, params, 0, {0}, 0), 0);
    EXPECT_EQ(draw({2, 1.2f, 0}, params, 0, {0, 0}, 0), 1);  // per occurrence
    params.frequencyPenalty = 0;
    params.repetitionPenalty = 2;
    EXPECT_EQ(draw({2, 1.5f, 0}, params, 0, {0, 0}, 2), 1);  // prompt too, once
    EXPECT_EQ(draw({-1, -1.5f, -3}, params, 0, {0}, 1), 1);  // negative scores fall as well
    EXPECT_EQ(draw({2, 1.5f, 0}, params, 0, {-4, 99, 0}, 3), 1);
}

TEST(Sampler, SurvivesWhatABrokenModelOrOddSettingsGive) {
    std::vector<SamplingParams> all(7, plain(3));
    all[0].temperature = 0;
    all[1].topK = 3;
    all[2].topP = 0.5f;
    all[3].minP = 0.5f;
    all[4].repetitionPenalty = 1e-38f;
    all[4].logitBias = {{0, 3e38f}, {1, kInfinity}, {2, -kInfinity}};
    all[5].topP = 1e-30f;
    all[5].topK = 2;
    const std::vector<std::vector<float>> rows{{kNan},
                                               {kNan, kNan, kNan},
                                               {kNan, -kInfinity},
                                               {-kInfinity, -kInfinity},
                                               {kInfinity, kInfinity, 1},
                                               {kInfinity, -kInfinity, kNan, 3e38f, -3e38f},
                                               {kNan, 1, kNan, 2},
                                               std::vector<float>(1000, 0.0f)};
    for (const auto& row : rows) {
        for (SamplingParams params : all) {
            for (const float temperature : {params.temperature, 1e-45f, 1e-10f, 1e10f, 3e38f, kInfinity}) {
                params.temperature = temperature;
                for (std::uint64_t position = 0; position < 20; ++position) {
                    const TokenId token = draw(row, params, position, {0, 0}, 1);
                    ASSERT_GE(token, 0);
                    ASSERT_LT(static_cast<std::size_t>(token), row.size());
                    const bool hasBetter = std::any_of(row.begin(), row.end(), [](float x) { return x > -kInfinity; });
                    ASSERT_TRUE(!hasBetter || !params.logitBias.empty() ||
                                row[static_cast<std::size_t>(token)] > -kInfinity);
                }
            }
            const PositionLogprobs logprobs = Sampler(table()).logprobs(row, 0, 3);
            ASSERT_EQ(logprobs.top.size(), std::min<std::size_t>(3, row.size()));
            for (const auto& entry : logprobs.top) ASSERT_FALSE(std::isnan(entry.logprob));
            ASSERT_FALSE(std::isnan(logprobs.chosen.logprob));
        }
    }
}

TEST(Sampler, LogprobsAreTheLogSoftmaxOfTheRawRow) {
    std::mt19937 random(6);
    Sampler sampler(table());
    for (int i = 0; i < 50; ++i) {
        const std::size_t vocabulary = 1 + random() % 3000;
        auto row = randomRow(random, vocabulary, 3);
        row[random() % vocabulary] = row[0];
        double best = row[0];
        for (const float x : row) best = std::max<double>(best, x);
        double sum = 0;
        for (const float x : row) sum += std::exp(x - best);
        std::vector<TokenId> order(vocabulary);
        std::iota(order.begin(), order.end(), 0);
        std::stable_sort(order.begin(), order.end(), [&row](TokenId a, TokenId b) {
            return row[static_cast<std::size_t>(a)] > row[static_cast<std::size_t>(b)];
        });
        for (const int top : {0, 1, 20, 500, 5000}) {
            const auto chosen = static_cast<TokenId>(random() % vocabulary);
            const PositionLogprobs found = sampler.logprobs(row, chosen, top);
            EXPECT_EQ(found.chosen.token, chosen);
            EXPECT_NEAR(found.chosen.logprob, row[static_cast<std::size_t>(chosen)] - best - std::log(sum), 1e-5);
            ASSERT_EQ(found.top.size(), std::min(static_cast<std::size_t>(top), vocabulary));
            for (std::size_t k = 0; k < found.top.size(); ++k) ASSERT_EQ(found.top[k].token, order[k]);
        }
    }
}

TEST(Sampler, EveryInstructionSetGivesTheSameBits) {
    std::mt19937 random(8);
    for (const char* isa : {"avx2", "avx512-vnni"}) {
        if (kernels::selectKernels(isa) == nullptr) continue;
        Sampler one(table("scalar"));
        Sampler two(table(isa));
        for (int i = 0; i < 100; ++i) {
            const auto row = randomRow(random, 1 + random() % 5000, 2);
            SamplingParams params = plain(random());
            params.topP = i % 2 == 0 ? 0.9f : 1.0f;
            EXPECT_EQ(one.sample(row, params, {}, 0, 1), two.sample(row, params, {}, 0, 1));
            EXPECT_EQ(one.logprobs(row, 0, 1).chosen.logprob, two.logprobs(row, 0, 1).chosen.logprob);
        }
    }
}

}  // namespace
}  // namespace larder::generate
