#include "engine/bench.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "engine/bench_limits.h"
#include "tests/support/fixtures.h"

namespace larder {
namespace {

using testing::ElementsAre;
using testing::Gt;
using testing::HasSubstr;

Expected<BenchResult> bench(std::string_view model, const BenchPlan& plan, std::size_t threads = 1) {
    Settings settings;
    settings.threads = threads;
    return runBench(support::fixtureModel(model).string(), settings, plan, [](const std::string&) {});
}

std::vector<std::string> keys(const BenchResult& result) {
    std::vector<std::string> names;
    const auto json = nlohmann::ordered_json::parse(toJson(result));
    for (const auto& [name, value] : json.items()) names.push_back(name);
    return names;
}

TEST(Bench, MeasuresWhatThePlanNamesAndNothingElse) {
    const auto result = bench("tiny_llama_q4_0", {.repeats = 1, .depth = false, .batch = false, .limits = false});
    ASSERT_TRUE(result.ok()) << result.error().message;
    EXPECT_THAT(keys(*result), ElementsAre("prefill_512_tok_s", "prefill_2048_tok_s", "decode_tok_s", "load_s", "peak_rss_mb",
                                           "logits_hash", "isa", "threads"));
    EXPECT_THAT(result->decodeTokS, Gt(0));
    EXPECT_EQ(result->logitsHash.size(), 16u);
}

TEST(Bench, HashesTheSameLogitsWithAnyNumberOfThreads) {
    const BenchPlan plan{.repeats = 1, .decode = false, .depth = false, .batch = false, .limits = false};
    const auto one = bench("tiny_llama_q8_0", plan, 1);
    const auto three = bench("tiny_llama_q8_0", plan, 3);
    const auto other = bench("tiny_llama_q4_1", plan, 1);
    ASSERT_TRUE(one.ok() && three.ok() && other.ok());
    EXPECT_EQ(one->logitsHash, three->logitsHash);
    EXPECT_NE(one->logitsHash, other->logitsHash);
}

TEST(Bench, SharesAreTheRatesOverTheLimits) {
    const auto result = bench("tiny_llama_q4_0", {.repeats = 1, .depth = false, .batch = false});
    ASSERT_TRUE(result.ok()) << result.error().message;
    const auto work = readTokenWork(support::fixtureModel("tiny_llama_q4_0"));
    ASSERT_TRUE(work.ok());
    EXPECT_DOUBLE_EQ(result->weightsReadMb * 1e6, static_cast<double>(work->readBytes));
    EXPECT_NEAR(result->decodeReadShare, result->decodeTokS * static_cast<double>(work->readBytes) / (result->readGbS * 1e9), 1e-9);
    EXPECT_NEAR(result->prefillInt8Share,
                result->prefill512TokS * 2 * static_cast<double>(work->int8Products) / (result->int8Tops * 1e12), 1e-9);
    EXPECT_THAT(result->memoryReadGbS, Gt(0));
}

TEST(Bench, CountsWhatATokenNeeds) {
    // Sizes from make_tiny_llama.py: 64 wide, 64 for queries, 32 for keys, 2 layers.
    const auto tied = readTokenWork(support::fixtureModel("tiny_llama_q4_0"));
    ASSERT_TRUE(tied.ok());
    const std::uint64_t layer = 64 * 64 * 2 + 32 * 64 * 2 + 128 * 64 * 3;
    EXPECT_EQ(tied->int8Products, 2 * layer);
    const std::uint64_t norms = 5 * 64 * 4;
    EXPECT_EQ(tied->readBytes, 2 * layer / 32 * 18 + 304 * 64 / 32 * 34 + norms) << "the embedding is the head, too";

    const auto headed = readTokenWork(support::fixtureModel("tiny_llama_q8_0"));
    ASSERT_TRUE(headed.ok());
    const std::uint64_t headedLayer = 64 * 64 * 2 + 32 * 64 * 2 + 64 * 64 * 3;
    EXPECT_EQ(headed->readBytes, 2 * headedLayer / 32 * 34 + 304 * 64 / 32 * 34 + norms) << "the embedding is a table";

    const auto halves = readTokenWork(support::fixtureModel("tiny_llama_f16"));
    ASSERT_TRUE(halves.ok());
    EXPECT_EQ(halves->int8Products, 0u);
}

TEST(Bench, NamesAModelThatIsNotThere) {
    const auto result = runBench("/nowhere/model.gguf", Settings(), BenchPlan(), [](const std::string&) {});
    ASSERT_FALSE(result.ok());
    EXPECT_THAT(result.error().message, HasSubstr("/nowhere/model.gguf"));
}

}  // namespace
}  // namespace larder
