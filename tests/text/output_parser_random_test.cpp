// Random answers of the pieces that matter to parsers: nothing is lost, every cut gives the same, and it takes linear time.
#include <gtest/gtest.h>

#include <array>
#include <ctime>
#include <random>

#include "tests/support/output_promises.h"
#include "tests/text/output_parser_house.h"

namespace larder::text {
namespace {

using Random = std::mt19937;

constexpr std::array kOutputFormats = {ToolCallFormat::None, ToolCallFormat::HermesJson, ToolCallFormat::QwenXml, ToolCallFormat::LlamaJson};

const std::vector<std::string> kOutputPieces = {
    "<tool_call>", "</tool_call>", "<think>", "</think>", "<|python_tag|>", "<function=read>", "<function=edit>", "</function>",
    "<parameter=path>", "<parameter=limit>", "<parameter=note>", "<parameter=list>", "</parameter>", "\n", "\n\n", " ", "\t", "{", "}", "[", "]",
    ",", ":", ";", "\"", "\\", "\"name\"", "\"arguments\"", "\"parameters\"", "\"read\"", "\"edit\"", "\"path\"", "\"limit\"", "\"edits\"", "\"5\"",
    "5", "-1.5e3", "1e999", "true", "nul", "null", "\\u00e9", "\\ud83d", "\\n", "\u00e9", "\U0001f600", "\u4e2d\u6587", "word", "None", "x <", "</",
    "{\"name\": \"read\", \"arguments\": {", "{\"arguments\": {\"path\": \"", "\"limit\": \"7\"", "\"[1, \\\"2\\\"]\"", "}}", "\"}}"};

const std::vector<std::string> kOutputPhrases = {
    "<tool_call>\n{\"name\": \"read\", \"arguments\": {\"path\": \"/a \\\"b\\\"\", \"limit\": \"5\", \"list\": [1, {\"k\": null}]}}\n</tool_call>",
    "<tool_call>\n{\"arguments\": {\"edits\": \"[{\\\"line\\\": \\\"3\\\"}]\"}, \"name\": \"edit\"}\n</tool_call>",
    "<tool_call>\n<function=read>\n<parameter=path>\n</parameter> \u00e9\n</parameter>\n<parameter=limit>\n5\n</parameter>\n</function>\n</tool_call>",
    "<function=edit>\n<parameter=one>\n{\"line\": \"4\"}\n</parameter>\n</function>",
    "{\"name\": \"read\", \"parameters\": {\"limit\": \"5\", \"note\": \"\u00e9\"}}",
    "<think>\nhm\n</think>\n\n", "Some words.\n"};

const std::string& oneOf(const std::vector<std::string>& texts, Random& random) { return texts[random() % texts.size()]; }

// Sound phrases, with pieces taken out, put in and cut off; or pieces alone.
std::string randomOutput(Random& random) {
    std::string text;
    const bool wild = random() % 3 == 0;
    for (std::size_t n = random() % (wild ? 30 : 5); n > 0; --n) text += oneOf(wild ? kOutputPieces : kOutputPhrases, random);
    for (std::size_t n = random() % 4; n > 0 && !text.empty(); --n) {
        std::vector<std::string> characters = charactersOf(text);
        const std::size_t at = random() % characters.size();
        if (random() % 2 == 0) characters[at].clear();
        else characters[at] += oneOf(kOutputPieces, random);
        text.clear();
        for (const std::string& character : characters) text += character;
    }
    if (random() % 4 == 0 && !text.empty()) {
        const std::vector<std::string> characters = charactersOf(text);
        text.clear();
        for (std::size_t i = 0, end = random() % characters.size(); i < end; ++i) text += characters[i];
    }
    return text;
}

std::vector<std::string> randomCuts(const std::string& text, Random& random) {
    std::vector<std::string> pieces = {""};
    for (const std::string& character : charactersOf(text)) {
        pieces.back() += character;
        if (random() % 3 == 0) pieces.emplace_back();
    }
    return pieces;
}

TEST(OutputParserRandom, NothingIsLostAndEveryCutIsTheSame) {
    Random random(7);
    std::size_t calls = 0, broken = 0, thoughts = 0;
    for (int i = 0; i < 20'000; ++i) {
        OutputParserSettings settings = settingsOf(kOutputFormats[random() % kOutputFormats.size()]);
        settings.reasoning = random() % 2 == 0;
        settings.reasoningOpen = settings.reasoning && random() % 2 == 0;
        if (random() % 8 == 0) settings.tools = nullptr;
        const std::string text = randomOutput(random);
        SCOPED_TRACE(testing::Message() << "format " << static_cast<int>(settings.toolCalls) << (settings.reasoning ? " reasoning" : "")
                                        << (settings.reasoningOpen ? " open: " : ": ") << text);
        const Parts whole = parsed(settings, {text});
        EXPECT_EQ(support::brokenPromise(text, whole), "");
        for (const auto& pieces : {charactersOf(text), randomCuts(text, random)}) {
            const Parts parts = parsed(settings, pieces);
            EXPECT_EQ(support::brokenPromise(text, parts), "");
            EXPECT_EQ(shown(joined(parts)), shown(joined(whole)));
            for (const OutputPart& part : parts) {
                const auto* plain = std::get_if<PartText>(&part);
                EXPECT_TRUE(plain == nullptr || base::isUtf8(plain->text));
            }
        }
        for (const OutputPart& part : whole) {
            const auto* end = std::get_if<PartCallEnd>(&part);
            calls += end != nullptr && end->complete;
            broken += end != nullptr && !end->complete;
            thoughts += std::get_if<PartReasoning>(&part) != nullptr;
        }
        if (HasFailure()) return;
    }
    // The dice reach what they are meant for.
    EXPECT_GT(calls, 2000u);
    EXPECT_GT(broken, 500u);
    EXPECT_GT(thoughts, 3000u);
}

// A call's own text, parsed alone, is that call again.
TEST(OutputParserRandom, RawCallsAreTheCall) {
    Random random(8);
    std::size_t compared = 0;
    for (int i = 0; i < 8000; ++i) {
        const OutputParserSettings settings = settingsOf(kOutputFormats[1 + random() % 3]);
        const std::string text = randomOutput(random);
        SCOPED_TRACE(text);
        Parts call;
        for (const OutputPart& part : joined(parsed(settings, {text}))) {
            if (std::get_if<PartText>(&part) != nullptr) continue;
            if (std::get_if<PartCallStart>(&part) != nullptr) call.clear();
            call.push_back(part);
            const auto* end = std::get_if<PartCallEnd>(&part);
            // A second call in one block has no marker of its own.
            if (end == nullptr || !end->complete || (settings.toolCalls == ToolCallFormat::HermesJson && end->raw.starts_with('{'))) continue;
            for (OutputPart& of : call) std::visit([](auto& some) { if constexpr (requires { some.index; }) some.index = 0; }, of);
            EXPECT_EQ(shown(joined(parsed(settings, {end->raw}))), shown(call));
            ++compared;
        }
        if (HasFailure()) return;
    }
    EXPECT_GT(compared, 1000u);
}

// CPU seconds for one character at a time.
double secondsFor(const OutputParserSettings& settings, const std::string& head, const std::string& unit, std::size_t bytes) {
    std::string text = head;
    while (text.size() < bytes) text += unit;
    const std::clock_t start = std::clock();
    const auto parser = makeOutputParser(settings);
    Parts parts;
    for (const char& byte : text) {
        parser->add({&byte, 1}, parts);
        parts.clear();
    }
    parser->finish(parts);
    return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

// A megabyte of what is held back or looked at again: quadratic code would take minutes.
TEST(OutputParserRandom, TakesLinearTime) {
    constexpr std::size_t kBytes = 1 << 20;
    OutputParserSettings hermes = settingsOf(ToolCallFormat::HermesJson), xml = settingsOf(ToolCallFormat::QwenXml);
    OutputParserSettings llama = settingsOf(ToolCallFormat::LlamaJson);
    for (OutputParserSettings* settings : {&hermes, &xml, &llama}) settings->reasoning = true;
    OutputParserSettings open = hermes;
    open.reasoningOpen = true;
    const std::string call = "<tool_call>{\"name\": \"read\", \"arguments\": {";
    const std::string tag = "<tool_call><function=read><parameter=";
    const std::string spaces(200, '\n');
    EXPECT_LT(secondsFor(hermes, call + "\"path\": \"", "abc \\n", kBytes), 2);
    EXPECT_LT(secondsFor(hermes, call + "\"limit\": \"", "5", kBytes), 2);
    EXPECT_LT(secondsFor(hermes, call + "\"limit\": ", "5", kBytes), 2);
    EXPECT_LT(secondsFor(hermes, call + "\"free\": [", "1, ", kBytes), 2);
    EXPECT_LT(secondsFor(hermes, call, "\"path\": \"x\", ", kBytes), 2);
    EXPECT_LT(secondsFor(hermes, "<tool_call>{\"arguments\": {\"path\": \"", "abc", kBytes), 2);
    EXPECT_LT(secondsFor(hermes, "", "<tool_call>", kBytes), 2);
    EXPECT_LT(secondsFor(hermes, "", call + "}}\n</tool_call>\n", kBytes), 2);
    EXPECT_LT(secondsFor(hermes, "", "<tool_call>" + spaces, kBytes), 2);
    EXPECT_LT(secondsFor(hermes, "", "\n", kBytes), 2);
    EXPECT_LT(secondsFor(open, "", call + "}} no ", kBytes), 2);
    EXPECT_LT(secondsFor(open, call + "\"path\": \"", "abc", kBytes), 2);
    EXPECT_LT(secondsFor(xml, tag + "path>", "abc\n", kBytes), 2);
    EXPECT_LT(secondsFor(xml, tag + "path>", "</parameter>" + spaces, kBytes), 2);
    EXPECT_LT(secondsFor(xml, tag + "note>", " ", kBytes), 2);
    EXPECT_LT(secondsFor(xml, tag + "mixed>[", "1, ", kBytes), 2);
    EXPECT_LT(secondsFor(xml, tag, "a", kBytes), 2);
    EXPECT_LT(secondsFor(llama, "{\"parameters\": {\"a\": \"", "abc", kBytes), 2);
    EXPECT_LT(secondsFor(llama, "", "{\"name\": \"a\", \"parameters\": {}};", kBytes), 2);
}

}  // namespace
}  // namespace larder::text
