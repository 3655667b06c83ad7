#include "engine/kernels/vocabulary.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/kernels/math.h"
#include "tests/kernels/test_inputs.h"

namespace larder::kernels::test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr int kLengths[] = {1, 2, 7, 8, 9, 63, 64, 65, 100, 127, 128, 129, 191, 192, 1000, 5000};

class VocabularyTables : public testing::TestWithParam<const Kernels*> {};
INSTANTIATE_TEST_SUITE_P(Vocabulary, VocabularyTables, testing::ValuesIn(tablesUnderTest()),
                         [](const auto& instance) { return tableName(instance.param); });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(VocabularyTables);

struct Row {
    explicit Row(std::vector<float> x) : values(std::move(x)) {
        const int n = static_cast<int>(values.size());
        maxima.resize(static_cast<std::size_t>(vocabularyBlocks(n)));
        scalarTable()->blockMaxima(values.data(), n, maxima.data());
    }
    VocabularyRow view() const { return {values.data(), static_cast<int>(values.size()), maxima.data()}; }
    float best() const { return *std::max_element(maxima.begin(), maxima.end()); }

    std::vector<float> values;
    std::vector<float> maxima;
};

// Of every length: a wide row, one with what a broken model gives, one of nothing else, one of equal values.
std::vector<Row> rows() {
    Random random(31);
    std::vector<Row> made;
    for (const int length : kLengths) {
        const auto n = static_cast<std::size_t>(length);
        made.emplace_back(uniformRow(random, n, -30.0f, 10.0f));
        std::vector<float> broken = uniformRow(random, n, -30.0f, 10.0f);
        for (std::size_t i = 0; i < n; i += 3) broken[i] = i % 2 == 0 ? std::nanf("") : -kInfinity;
        made.emplace_back(broken);
        made.emplace_back(std::vector<float>(n, std::nanf("")));
        made.emplace_back(std::vector<float>(n, -2.5f));
    }
    return made;
}

TEST_P(VocabularyTables, findTheMaximaLikeScalar) {
    for (const Row& row : rows()) {
        std::vector<float> actual(row.maxima.size() + 1, 7.0f);
        std::vector<float> expected = row.maxima;
        expected.push_back(7.0f);
        GetParam()->blockMaxima(row.values.data(), static_cast<int>(row.values.size()), actual.data());
        EXPECT_EQ(firstDifference(actual, expected), "") << row.values.size();
    }
}

TEST_P(VocabularyTables, findInfinity) {
    for (std::size_t at = 0; at < 130; ++at) {
        std::vector<float> values(130, 1.0f);
        values[at] = kInfinity;
        values[(at + 1) % 130] = std::nanf("");
        float maxima[3];
        GetParam()->blockMaxima(values.data(), 130, maxima);
        EXPECT_EQ(maxima[at / kVocabularyBlock], kInfinity);
    }
}

TEST_P(VocabularyTables, addUpMassesLikeScalar) {
    for (const Row& row : rows()) {
        const float best = row.best() == -kInfinity ? 0.0f : row.best();
        for (const float scale : {kLog2e, 0.1f, 3.0f, 1e-30f}) {
            for (const float halvings : {0.0f, 1.0f, 10.0f, 31.0f, 60.0f}) {
                const float floor = std::max(best - halvings / scale, -std::numeric_limits<float>::max());
                const MassScale masses{.best = best, .scale = scale, .floor = floor};
                std::vector<std::uint64_t> expected(row.maxima.size() + 1, 99);
                std::vector<std::uint64_t> actual = expected;
                scalarTable()->blockMasses(row.view(), masses, expected.data());
                GetParam()->blockMasses(row.view(), masses, actual.data());
                EXPECT_EQ(actual, expected) << row.values.size() << " values, scale " << scale << ", " << halvings;
            }
        }
    }
}

TEST_P(VocabularyTables, collectLikeScalar) {
    for (const Row& row : rows()) {
        for (const float floor : {-kInfinity, -29.0f, -2.5f, 5.0f, 9.9f, 20.0f}) {
            const std::size_t room = row.values.size() + kCollectSlack;
            std::vector<std::int32_t> expectedTokens(room + 1, -9);
            std::vector<std::int32_t> tokens(room + 1, -9);
            std::vector<float> expectedValues(room + 1, 7.0f);
            std::vector<float> values(room + 1, 7.0f);
            const int expected =
                scalarTable()->collectAbove(row.view(), floor, expectedTokens.data(), expectedValues.data());
            const int count = GetParam()->collectAbove(row.view(), floor, tokens.data(), values.data());
            ASSERT_EQ(count, expected) << row.values.size() << " values, floor " << floor;
            EXPECT_EQ(tokens.back(), -9);
            EXPECT_EQ(values.back(), 7.0f);
            tokens.resize(static_cast<std::size_t>(count));
            expectedTokens.resize(static_cast<std::size_t>(count));
            EXPECT_EQ(tokens, expectedTokens);
            EXPECT_EQ(
                firstDifference(std::span(values).first(tokens.size()), std::span(expectedValues).first(tokens.size())),
                "");
        }
    }
}

// The specification itself, in plain words.
TEST(Vocabulary, countsWhatIsNotBelowTheFloor) {
    std::vector<float> values(70, -100.0f);
    values[3] = 1.0f;
    values[5] = 0.0f;
    values[66] = -1.0f;
    values[67] = std::nanf("");
    const Row row(values);
    EXPECT_EQ(row.maxima, (std::vector{1.0f, -1.0f}));
    std::uint64_t masses[2];
    scalarTable()->blockMasses(row.view(), {.best = 1.0f, .scale = 1.0f, .floor = -1.0f}, masses);
    EXPECT_EQ(masses[0], (1u << 30) + (1u << 29));
    EXPECT_EQ(masses[1], 1u << 28);
    std::vector<std::int32_t> tokens(70 + kCollectSlack);
    std::vector<float> found(70 + kCollectSlack);
    EXPECT_EQ(scalarTable()->collectAbove(row.view(), 0.0f, tokens.data(), found.data()), 2);
    EXPECT_EQ(tokens[0], 3);
    EXPECT_EQ(tokens[1], 5);
}

}  // namespace
}  // namespace larder::kernels::test
