#include "engine/api/answer.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/api/api_house.h"

namespace larder::api {
namespace {

GeneratedToken withLogprob(TokenId token) {
    GeneratedToken result = generated(token);
    result.logprobs = PositionLogprobs{{token, -1.0f}, {}};
    return result;
}

struct Told {
    std::string text;
    std::vector<TokenId> logprobs;
    std::vector<std::string> pieces;
};

void take(Told& told, const OutputText& output) {
    told.text += output.text;
    told.pieces.push_back(output.text);
    for (const PositionLogprobs& each : output.logprobs) told.logprobs.push_back(each.chosen.token);
}

Told tell(Answer& answer, const std::vector<TokenId>& tokens) {
    Told told;
    for (const TokenId token : tokens) {
        if (answer.stopped()) break;
        take(told, answer.add(withLogprob(token)));
    }
    take(told, answer.finish());
    return told;
}

TEST(Answer, CharactersSplitOverTokensComeOutWhole) {
    const SharedModelText text = makeTinyText();
    Answer answer(*text->tokenizer, {}, {});
    const Told told = tell(answer, byteTokens("a\xE2\x82\xAC!"));
    EXPECT_EQ(told.pieces, (std::vector<std::string>{"a", "", "", "\xE2\x82\xAC", "!", ""}));
    EXPECT_EQ(told.logprobs, byteTokens("a\xE2\x82\xAC!"));
}

TEST(Answer, CutCharactersEndAsReplacement) {
    const SharedModelText text = makeTinyText();
    Answer answer(*text->tokenizer, {}, {"never"});
    const Told told = tell(answer, byteTokens("a\xE2\x82"));
    EXPECT_TRUE(told.text.starts_with("a\xEF\xBF\xBD")) << told.text;
    EXPECT_EQ(told.logprobs, byteTokens("a\xE2\x82"));
}

TEST(Answer, StopStringsSpanTokens) {
    const SharedModelText text = makeTinyText();
    Answer answer(*text->tokenizer, {}, {"####"});
    const Told told = tell(answer, {kWorld, kHalfStop, kRestStop, kWorld});
    EXPECT_TRUE(answer.stopped());
    EXPECT_EQ(answer.stopString(), "####");
    EXPECT_EQ(told.text, " worldab");
    EXPECT_EQ(answer.tokens(), 3u);
    // The token that begins before the stop string gave text; the one wholly behind its beginning did not.
    EXPECT_EQ(told.logprobs, (std::vector<TokenId>{kWorld, kHalfStop}));
}

TEST(Answer, AlmostAStopStringIsText) {
    const SharedModelText text = makeTinyText();
    Answer answer(*text->tokenizer, {}, {"####!"});
    const Told told = tell(answer, {kWorld, kHalfStop, kRestStop});
    EXPECT_FALSE(answer.stopped());
    EXPECT_EQ(told.text, " worldab####cd");
    EXPECT_EQ(told.logprobs, (std::vector<TokenId>{kWorld, kHalfStop, kRestStop}));
}

TEST(Answer, HeldTextIsReleasedAtTheEnd) {
    const SharedModelText text = makeTinyText();
    Answer answer(*text->tokenizer, {}, {"##X"});
    const Told told = tell(answer, {kHalfStop});
    EXPECT_EQ(told.pieces, (std::vector<std::string>{"ab", "##"}));
    EXPECT_EQ(told.logprobs, (std::vector<TokenId>{kHalfStop}));
}

// Whatever the tokens and the stops: the text is what one search over the whole text gives, and without a stop every
// token's log probability comes out once, in order.
TEST(Answer, EqualsSearchingTheWholeText) {
    const SharedModelText text = makeTinyText();
    std::mt19937 random(11);
    const auto letters = [&](std::size_t most) {
        std::string result;
        for (std::size_t n = 1 + random() % most; n > 0; --n) result += "ab\xC3\xA9"[random() % 4];
        return result;
    };
    for (int round = 0; round < 2000; ++round) {
        const std::string whole = letters(12);
        std::string stop = letters(3);
        if (!base::parseJson("\"" + stop + "\"").ok()) stop = "ba";  // a stop string is UTF-8
        text::Detokenizer plain(*text->tokenizer);
        std::string expected;
        for (const TokenId token : byteTokens(whole)) expected += plain.add(token);
        expected += plain.finish();
        const std::size_t cut = expected.find(stop);

        Answer answer(*text->tokenizer, {}, {stop});
        const Told told = tell(answer, byteTokens(whole));
        EXPECT_EQ(answer.stopped(), cut != std::string::npos);
        EXPECT_EQ(told.text, expected.substr(0, cut));
        if (cut == std::string::npos) {
            EXPECT_EQ(told.logprobs, byteTokens(whole));
        }
    }
}

}  // namespace
}  // namespace larder::api
