// <think> ... </think> before text and calls.
#include <gtest/gtest.h>

#include "tests/text/output_parser_house.h"

namespace larder::text {
namespace {

OutputParserSettings thinking(ToolCallFormat format, bool open) {
    OutputParserSettings settings = settingsOf(format);
    settings.reasoning = true;
    settings.reasoningOpen = open;
    return settings;
}

// The same for every way to write calls.
void expectThought(const std::string& text, const Parts& right, bool open = false) {
    for (const auto format : {ToolCallFormat::None, ToolCallFormat::HermesJson, ToolCallFormat::QwenXml, ToolCallFormat::LlamaJson})
        expectInEveryCut(thinking(format, open), text, right);
}

const std::string kThoughtCall = "<tool_call>\n{\"name\": \"read\", \"arguments\": {\"limit\": 5}}\n</tool_call>";
const std::string kThoughtArguments = R"({"limit":5})";

void expectThoughtCall(const std::string& text, const Parts& right, bool open = true) {
    expectInEveryCut(thinking(ToolCallFormat::HermesJson, open), text, right);
}

TEST(ReasoningParser, ReasoningAndText) {
    const Parts both = Answer().reasoning("Well.\n\nYes.").text("Hello.\n");
    expectThought("<think>\nWell.\n\nYes.\n</think>\n\nHello.\n", both);
    expectThought("\n <think>Well.\n\nYes.</think>Hello.\n", both);
    expectThought("\nWell.\n\nYes.\n</think>\n\nHello.\n", both, true);
    expectThought("<think>\nWell.\n\nYes.\n</think>\n\nHello.\n", both, true);  // the model opens it once more
    expectThought("<think>\n  Well.\n\n</think>\n\n  Hello.", Answer().reasoning("  Well.\n").text("  Hello."));
}

TEST(ReasoningParser, NoneAtAll) {
    expectThought("Hello.", Answer().text("Hello."));
    expectThought("<think>\n\n</think>\n\nHello.", Answer().text("Hello."));
    expectThought("</think>Hello.", Answer().text("Hello."), true);
    expectThought("<think></think>", {});
    expectThought("<think>\n\n", {});
    expectThought("", {}, true);
    expectThought("<thin", Answer().text("<thin"));
}

TEST(ReasoningParser, MarkersElsewhereAreText) {
    expectThought("Write <think> and </think>.", Answer().text("Write <think> and </think>."));
    expectThought("</think>", Answer().text("</think>"));
    expectThought("<think>a <think> b</think>c </think>", Answer().reasoning("a <think> b").text("c </think>"));
    OutputParserSettings without = settingsOf(ToolCallFormat::HermesJson);
    expectInEveryCut(without, "<think>a</think>", Answer().text("<think>a</think>"));
}

TEST(ReasoningParser, SeveralTimes) {
    expectThought("<think>a</think>\n<think>b\n</think>\nc", Answer().reasoning("ab").text("c"));
    expectThoughtCall("<think>a</think>\n" + kThoughtCall + "\n<think>b</think>c",
                      Answer().reasoning("a").call("read", kThoughtArguments, kThoughtCall).reasoning("b").text("c"), false);
}

TEST(ReasoningParser, ThatNeverEnds) {
    expectThought("<think>a\n</thin", Answer().reasoning("a\n</thin"));
    expectThought("a\n\n", Answer().reasoning("a\n\n"), true);
}

TEST(ReasoningParser, CallsBehindIt) {
    expectThoughtCall("a\n</think>\n\n" + kThoughtCall, Answer().reasoning("a").call("read", kThoughtArguments, kThoughtCall));
    expectThoughtCall("a\n</think>\n\nSo:\n" + kThoughtCall,
                      Answer().reasoning("a").text("So:").call("read", kThoughtArguments, kThoughtCall));
    const std::string bare = R"({"name": "read", "parameters": {"limit": 5}})";
    expectInEveryCut(thinking(ToolCallFormat::LlamaJson, true), "a</think>\n" + bare,
                     Answer().reasoning("a").call("read", kThoughtArguments, bare));
}

TEST(ReasoningParser, AWholeCallEndsIt) {
    expectThoughtCall("a\n" + kThoughtCall, Answer().reasoning("a").call("read", kThoughtArguments, kThoughtCall));
    expectThoughtCall(kThoughtCall + "\nb", Answer().call("read", kThoughtArguments, kThoughtCall).text("b"));
    expectThoughtCall("a\n" + kThoughtCall + "\n</think>\n\nb",
                      Answer().reasoning("a").call("read", kThoughtArguments, kThoughtCall).text("b"));
    expectThoughtCall(
        "a\n" + kThoughtCall + "\n" + kThoughtCall + "\nb\n</think>\n c </think>",
        Answer().reasoning("a").call("read", kThoughtArguments, kThoughtCall).call("read", kThoughtArguments, kThoughtCall).text("b c </think>"));
    const std::string unclosed = kThoughtCall.substr(0, kThoughtCall.size() - 12);
    expectThoughtCall("a\n" + unclosed, Answer().reasoning("a").call("read", kThoughtArguments, unclosed));
}

TEST(ReasoningParser, OtherCallsInItAreReasoning) {
    const std::string unclosed = kThoughtCall.substr(0, kThoughtCall.size() - 12);
    for (const std::string text : {"a <tool_call> b", "<tool_call>{\"name\": \"read\"", "<tool_call>\n{\"name\": 5}\n</tool_call>",
                                   "<tool_call>{\"name\": \"read\", \"arguments\": {\"path\": \"</think>\""})
        expectThoughtCall(text, Answer().reasoning(text));
    expectThoughtCall("a\n" + unclosed + "b</think>c", Answer().reasoning("a\n" + unclosed + "b").text("c"));
    expectThoughtCall("<tool_call>\n</think>\n" + kThoughtCall,
                      Answer().reasoning("<tool_call>").call("read", kThoughtArguments, kThoughtCall));
    const std::string bare = R"({"name": "read", "parameters": {"limit": 5}})";
    expectInEveryCut(thinking(ToolCallFormat::LlamaJson, true), bare, Answer().reasoning(bare));
}

TEST(ReasoningParser, Streams) {
    const auto parser = makeOutputParser(thinking(ToolCallFormat::HermesJson, true));
    const auto told = [&](const std::string& text) {
        Parts parts;
        parser->add(text, parts);
        return shown(parts);
    };
    EXPECT_EQ(told("\nWell"), shown({PartReasoning{"Well"}}));
    EXPECT_EQ(told(" <b>\n"), shown({PartReasoning{" <b>"}}));
    EXPECT_EQ(told("</think>"), shown({}));
    EXPECT_EQ(told("\n\n"), shown({}));
    EXPECT_EQ(told("So"), shown({PartText{"So"}}));
}

}  // namespace
}  // namespace larder::text
