#include "engine/text/stop_strings.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "engine/base/utf8.h"

namespace larder::text {
namespace {

struct Outcome {
    std::string text;
    std::string stop;  // "" when never stopped
    bool operator==(const Outcome&) const = default;
};

// The definition: the stop string that ends first, the longest of those that end there.
Outcome expected(const std::vector<std::string>& stops, const std::string& text) {
    for (std::size_t end = 1; end <= text.size(); ++end) {
        std::string longest;
        for (const std::string& stop : stops) {
            if (stop.size() > longest.size() && text.substr(0, end).ends_with(stop)) longest = stop;
        }
        if (!longest.empty()) return {text.substr(0, end - longest.size()), longest};
    }
    return {text, ""};
}

Outcome passed(const std::vector<std::string>& stops, const std::vector<std::string>& pieces) {
    StopStrings filter(stops);
    std::size_t longest = 0;
    for (const std::string& stop : stops) longest = std::max(longest, stop.size());
    Outcome outcome;
    std::size_t received = 0;
    for (const std::string& piece : pieces) {
        received += piece.size();
        const StopStrings::Result result = filter.add(piece);
        outcome.text += result.text;
        if (result.stopped) {
            outcome.stop = result.stop;
            EXPECT_EQ(filter.add("more").text, "");
            EXPECT_TRUE(filter.add("more").stopped);
            EXPECT_EQ(filter.finish(), "");
            return outcome;
        }
        EXPECT_LE(received - outcome.text.size(), (longest == 0 ? 0 : longest - 1) + 3);
        EXPECT_EQ(base::incompleteUtf8Suffix(outcome.text), 0u) << "part of a character was passed on";
    }
    outcome.text += filter.finish();
    EXPECT_EQ(filter.finish(), "");
    return outcome;
}

// Whole, byte by byte, and cut in two at every place.
void expectSame(const std::vector<std::string>& stops, const std::string& text) {
    SCOPED_TRACE(testing::PrintToString(stops) + " in " + text);
    const Outcome right = expected(stops, text);
    EXPECT_EQ(passed(stops, {text}), right);
    std::vector<std::string> bytes;
    for (const char byte : text) bytes.emplace_back(1, byte);
    EXPECT_EQ(passed(stops, bytes), right);
    for (std::size_t at = 0; at <= text.size(); ++at) {
        EXPECT_EQ(passed(stops, {text.substr(0, at), text.substr(at)}), right) << "cut at " << at;
    }
}

void PrintTo(const Outcome& outcome, std::ostream* out) {
    *out << outcome.text << "|" << outcome.stop;
}

TEST(StopStrings, CasesInEveryCut) {
    expectSame({}, "text");
    expectSame({""}, "text");
    expectSame({"", "x"}, "text");
    expectSame({"END"}, "text END more END");
    expectSame({"END"}, "END");
    expectSame({"END"}, "EN");
    expectSame({"END"}, "EEND");
    expectSame({"END"}, "ENEND");
    expectSame({"aab"}, "aaab");
    expectSame({"aab"}, "aaaaaaac aab");
    expectSame({"abab"}, "abaabababab");
    expectSame({"ab", "abc"}, "xabcx");       // the shorter ends first
    expectSame({"abc", "bc", "c"}, "xabcx");  // all end together: the longest
    expectSame({"abcd", "bc"}, "xabcdx");     // inside another
    expectSame({"abcd", "bce"}, "xabce");     // a failed beginning holds another
    expectSame({"abcabd", "cab"}, "abcabd");
    expectSame({"stop", "stop"}, "a stop");
    expectSame({"\n\n", "\nUser:"}, "line\nUser\n\nUser:");
    expectSame({"\u00e9", "\U0001f600!"}, "caf\u00e8 \U0001f601! \U0001f600 \U0001f600! \u00e9");
    expectSame({"\u4e2d\u6587"}, "\u4e2d\u4e2d\u6587\u6587");
    expectSame({"x"}, "\U0001f600\u00e9\u20ac");
    expectSame({"</s>", "<|im_end|>"}, "a <b> </ s> <|im_|im_end|> <|im_end|>");
}

TEST(StopStrings, RandomCasesInEveryCut) {
    std::mt19937 random(13);
    const std::vector<std::string> letters = {"a", "b", "\u00e9", "\U0001f600"};
    const auto word = [&](std::size_t most) {
        std::string text;
        for (std::size_t n = random() % (most + 1); n > 0; --n) text += letters[random() % (random() % 2 ? 2 : 4)];
        return text;
    };
    for (int i = 0; i < 1500; ++i) {
        std::vector<std::string> stops(random() % 4);
        for (std::string& stop : stops) stop = word(5);
        expectSame(stops, word(14));
    }
}

TEST(StopStrings, TextIsPassedOnAtOnceWhereNothingCanFollow) {
    StopStrings filter({"###", "STOP"});
    EXPECT_EQ(filter.add("Hello ").text, "Hello ");
    EXPECT_EQ(filter.add("S").text, "");
    EXPECT_EQ(filter.add("o #").text, "So ");
    EXPECT_EQ(filter.add("#!").text, "##!");
    const StopStrings::Result result = filter.add("x###y");
    EXPECT_EQ(result.text, "x");
    EXPECT_TRUE(result.stopped);
    EXPECT_EQ(result.stop, "###");
}

// Bytes of a broken character are not lost either.
TEST(StopStrings, BytesThatAreNotUtf8) {
    expectSame({"x"}, "\xe2\x82");
    StopStrings filter({"zz"});
    EXPECT_EQ(filter.add("a\xf0\x9f").text, "a");
    EXPECT_EQ(filter.add("b\xff").text,
              "\xf0\x9f"
              "b\xff");
    EXPECT_EQ(filter.add("\xc3z").text, "\xc3");
    EXPECT_EQ(filter.finish(), "z");
}

// A megabyte held back, one byte in and one byte out at a time: quadratic code would not end.
TEST(StopStrings, LongStopsTakeLinearTime) {
    constexpr std::size_t kBytes = 1 << 20;
    StopStrings filter({std::string(kBytes / 2, 'a') + "b"});
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < kBytes; ++i) bytes += filter.add("a").text.size();
    EXPECT_EQ(bytes, kBytes / 2);
    const StopStrings::Result result = filter.add("b");
    EXPECT_TRUE(result.stopped);
    EXPECT_EQ(result.text, "");
}

}  // namespace
}  // namespace larder::text
