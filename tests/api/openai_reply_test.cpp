#include "engine/api/openai_reply.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>

#include "tests/api/api_house.h"

namespace larder::api {
namespace {

TEST(ExactNumber, ReadsBackAsTheSameFloatBits) {
    std::mt19937 random(7);
    int longOnes = 0;
    for (int i = 0; i < 200'000; ++i) {
        // Every bit pattern, and denser where log probabilities live.
        const auto bits = static_cast<std::uint32_t>(random());
        float value = std::bit_cast<float>(bits);
        if (i % 2 == 1)
            value =
                -std::ldexp(1.0f + static_cast<float>(bits & 0x7fffff) / 8388608.0f, static_cast<int>(bits >> 27) - 24);
        if (!std::isfinite(value)) continue;
        const std::string text = base::dumpJson(exactNumber(value));
        const float viaDouble = static_cast<float>(parsed("[" + text + "]")[0].get<double>());
        ASSERT_EQ(std::bit_cast<std::uint32_t>(viaDouble), std::bit_cast<std::uint32_t>(value)) << text;
        ASSERT_EQ(std::bit_cast<std::uint32_t>(std::strtof(text.c_str(), nullptr)),
                  std::bit_cast<std::uint32_t>(value));
        longOnes += text.size() > 18 ? 1 : 0;
    }
    EXPECT_LT(longOnes, 2000);  // nine digits, not the seventeen of a double (the library misses a few)
}

TEST(ExactNumber, EndsOfTheRange) {
    for (const float value : {0.0f, -0.0f, -1.0f, std::numeric_limits<float>::max(), std::numeric_limits<float>::min(),
                              std::numeric_limits<float>::denorm_min()}) {
        const float back = static_cast<float>(parsed("[" + base::dumpJson(exactNumber(value)) + "]")[0].get<double>());
        EXPECT_EQ(std::bit_cast<std::uint32_t>(back), std::bit_cast<std::uint32_t>(value));
    }
    EXPECT_TRUE(exactNumber(-std::numeric_limits<float>::infinity()).is_null());
    EXPECT_TRUE(exactNumber(std::numeric_limits<float>::quiet_NaN()).is_null());
}

TEST(UsageAndTimings, AreCountedOnce) {
    OutputFinished finished;
    finished.promptTokens = 100;
    finished.cachedTokens = 60;
    finished.completionTokens = 11;
    finished.followedTokens = 20;
    finished.timings = {.loadMs = 3.25, .queueMs = 1.5, .prefillMs = 20, .decodeMs = 100};
    EXPECT_EQ(
        usageJson(finished).dump(),
        R"({"prompt_tokens":100,"completion_tokens":11,"total_tokens":111,"prompt_tokens_details":{"cached_tokens":60}})");
    // 40 computed tokens in 20 ms; ten tokens after the first in 100 ms.
    EXPECT_EQ(
        timingsJson(finished).dump(),
        R"({"load_ms":3.25,"queue_ms":1.5,"prefill_ms":20.0,"decode_ms":100.0,"cached_tokens":60,"followed_tokens":20,)"
        R"("loaded_tokens":0,)"
        R"("computed_tokens":40,"prompt_per_second":2000.0,"predicted_per_second":100.0})");
    EXPECT_EQ(timingsJson(OutputFinished{})["predicted_per_second"], 0);
}

TEST(TokenText, NamesControlTokensAndRepairsBytes) {
    const SharedModelText text = makeTinyText();
    EXPECT_EQ(tokenText(*text->tokenizer, kImEnd), "<|im_end|>");
    EXPECT_EQ(tokenText(*text->tokenizer, kWorld), " world");
    EXPECT_EQ(tokenText(*text->tokenizer, byteToken('\xc3')), "\xEF\xBF\xBD");
}

TEST(ChatLogprobs, HaveBytesForAllButControlTokens) {
    const SharedModelText text = makeTinyText();
    PositionLogprobs position;
    position.chosen = {byteToken('\xc3'), -0.5f};
    position.top = {{kImEnd, -0.25f}, {byteToken('\xc3'), -0.5f}};
    EXPECT_EQ(base::dumpJson(chatLogprobsJson(*text->tokenizer, {position})),
              R"([{"id":198,"token":")"
              "\xEF\xBF\xBD"
              R"(","logprob":-0.5,"bytes":[195],"top_logprobs":[)"
              R"({"id":2,"token":"<|im_end|>","logprob":-0.25,"bytes":null},)"
              R"({"id":198,"token":")"
              "\xEF\xBF\xBD"
              R"(","logprob":-0.5,"bytes":[195]}]}])");
}

}  // namespace
}  // namespace larder::api
