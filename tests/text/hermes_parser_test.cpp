// Hermes JSON: <tool_call>\n{"name": ..., "arguments": {...}}\n</tool_call>.
#include <gtest/gtest.h>

#include "tests/text/output_parser_house.h"

namespace larder::text {
namespace {

void expectHermes(const std::string& text, const Parts& right) {
    expectInEveryCut(settingsOf(ToolCallFormat::HermesJson), text, right);
}

// A call to read with these arguments, as models write it.
std::string hermesCall(const std::string& arguments, const std::string& name = "read") {
    return "<tool_call>\n{\"name\": \"" + name + "\", \"arguments\": " + arguments + "}\n</tool_call>";
}

void expectHermesArguments(const std::string& written, const std::string& right, const std::string& tool = "read") {
    const std::string text = hermesCall(written, tool);
    expectHermes(text, Answer().call(tool, right, text));
}

TEST(HermesParser, TextAndCalls) {
    const std::string a = hermesCall(R"({"path": "a.txt"})"), b = hermesCall(R"({"path": "b.txt"})");
    const std::string pathA = R"({"path":"a.txt"})", pathB = R"({"path":"b.txt"})";
    expectHermes("", {});
    expectHermes("Hello <b>you</b>\n", Answer().text("Hello <b>you</b>\n"));
    expectHermes(a, Answer().call("read", pathA, a));
    expectHermes(a + "\n" + b, Answer().call("read", pathA, a).call("read", pathB, b));
    expectHermes(a + b, Answer().call("read", pathA, a).call("read", pathB, b));
    expectHermes("I look.\n" + a + "\nAnd:\n" + b + "\nDone.\n",
                 Answer().text("I look.").call("read", pathA, a).text("And:").call("read", pathB, b).text("Done.\n"));
    expectHermes("x " + a, Answer().text("x ").call("read", pathA, a));
}

TEST(HermesParser, OnlyWhiteSpaceThatSeparatesIsLeftOut) {
    const std::string call = hermesCall("{}");
    expectHermes("\n\n \t" + call + "\n \n", Answer().call("read", "{}", call));
    expectHermes(call + "\n\n\r\n" + call, Answer().call("read", "{}", call).call("read", "{}", call));
    expectHermes("a\n\n" + call + "\n\n  b\n\n", Answer().text("a\n").call("read", "{}", call).text("\n  b\n\n"));
    expectHermes(" \n a", Answer().text(" \n a"));
    expectHermes(" \n ", Answer().text(" \n "));
    expectHermes("a\n\n\n", Answer().text("a\n\n\n"));
    const std::string wide(300, ' ');
    expectHermes(wide + call, Answer().text(wide).call("read", "{}", call));
}

TEST(HermesParser, ArgumentsAreWrittenCompactly) {
    expectHermesArguments("{}", "{}");
    expectHermesArguments(" { } ", "{}");
    expectHermesArguments(R"({"z": 1, "a": [1, 2.50, {"k": null}], "free": {"x": [ ]}})", R"({"z":1,"a":[1,2.50,{"k":null}],"free":{"x":[]}})");
    expectHermesArguments(R"({"path": "tab\t quote\" slash\/ back\\ \u00e9\ud83d\ude00 \u0001"})",
                          "{\"path\":\"tab\\t quote\\\" slash/ back\\\\ \u00e9\U0001f600 \\u0001\"}");
    expectHermesArguments("{\"path\": \"caf\u00e9 \U0001f600\"}", "{\"path\":\"caf\u00e9 \U0001f600\"}");
    expectHermesArguments(R"({"path": "\ud83d and \ude00 and \ud83d\ud83d\ude00"})", "{\"path\":\"\ufffd and \ufffd and \ufffd\U0001f600\"}");
    expectHermesArguments("{\"path\": \"two\nlines\"}", R"({"path":"two\nlines"})");  // no JSON, but models do it
    expectHermesArguments(R"({"path": "</tool_call> <tool_call> <think>"})", R"({"path":"</tool_call> <tool_call> <think>"})");
    expectHermesArguments(R"({"free": 1e5, "x": -0.0, "y": 12345678901234567890})", R"({"free":1e5,"x":-0.0,"y":12345678901234567890})");
}

TEST(HermesParser, ValuesAreCoercedToTheSchema) {
    expectHermesArguments(R"({"limit": "5000", "ratio": "0.5", "all": "true"})", R"({"limit":5000,"ratio":0.5,"all":true})");
    expectHermesArguments(R"({"limit": "5.5", "ratio": "much", "all": "maybe"})", R"({"limit":"5.5","ratio":"much","all":"maybe"})");
    expectHermesArguments(R"({"limit": " -7\n", "all": "False"})", R"({"limit":-7,"all":false})");
    expectHermesArguments(R"({"limit": 5.0, "all": 1})", R"({"limit":5.0,"all":1})");
    expectHermesArguments(R"({"path": 7, "colour": true})", R"({"path":"7","colour":"true"})");
    expectHermesArguments(R"({"path": null, "path2": 7})", R"({"path":null,"path2":7})");
    expectHermesArguments(R"({"maybe": "3"})", R"({"maybe":3})");
    expectHermesArguments(R"({"maybe": "null"})", R"({"maybe":null})");
    expectHermesArguments(R"({"note": "null", "colour": "7", "free": "5"})", R"({"note":"null","colour":"7","free":"5"})");
    expectHermesArguments(R"({"list": "[1, \"2\"]"})", R"({"list":[1,2]})");
    expectHermesArguments(R"({"list": ["1", 2, "x"]})", R"({"list":[1,2,"x"]})");
    expectHermesArguments(R"({"list": "[1, 2"})", R"({"list":"[1, 2"})");
    expectHermesArguments(R"({"list": "1e999"})", R"({"list":"1e999"})");
}

TEST(HermesParser, CoercionReachesInside) {
    expectHermesArguments(R"({"edits": [{"line": "3", "text": 5, "next": {"line": "4", "next": "null"}}]})",
                          R"({"edits":[{"line":3,"text":"5","next":{"line":4,"next":null}}]})", "edit");
    expectHermesArguments(R"({"edits": "[{\"line\": \"3\", \"next\": \"{\\\"line\\\": \\\"4\\\"}\"}]", "other": "6"})",
                          R"({"edits":[{"line":3,"next":{"line":4}}],"other":6})", "edit");
    expectHermesArguments(R"({"limit": "5"})", R"({"limit":"5"})", "unknown");
    expectHermesArguments(R"({"limit": "5"})", R"({"limit":"5"})", "now");
}

TEST(HermesParser, OtherFormsOfArguments) {
    const auto expectForm = [](const std::string& object, const std::string& right) {
        const std::string text = "<tool_call>" + object + "</tool_call>";
        expectHermes(text, Answer().call("read", right, text));
    };
    expectForm(R"({"name": "read"})", "{}");
    expectForm(R"({"name": "read", "arguments": null})", "{}");
    expectForm(R"({"name": "read", "arguments": ""})", "{}");
    expectForm(R"({"name": "read", "parameters": {"limit": "5"}})", R"({"limit":5})");
    expectForm(R"({"name": "read", "arguments": "{\"limit\": \"5\", \"path\": \"\\n\"}"})", R"({"limit":5,"path":"\n"})");
    expectForm(R"({"id": "x1", "name": "read", "more": [{}, "name"], "arguments": {"limit": 5}, "type": 1})", R"({"limit":5})");
    expectForm(R"({"name": "read", "name": "other", "arguments": {"limit": 5}, "parameters": {"limit": 6}})", R"({"limit":5})");
}

TEST(HermesParser, ArgumentsBeforeTheName) {
    const std::string text = R"(<tool_call>{"arguments" : {"limit": "5", "path": "x"}, "name": "read"}</tool_call>)";
    expectHermes(text, Answer().call("read", R"({"limit":5,"path":"x"})", text));
    for (const std::string empty : {"null", "\"\"", "{}", "\"{}\""}) {
        const std::string none = "<tool_call>{\"arguments\":" + empty + ",\"name\":\"read\"}</tool_call>";
        expectHermes(none, Answer().call("read", "{}", none));
    }
    const std::string wrong = R"(<tool_call>{"arguments": "no", "name": "read"}</tool_call>)";
    expectHermes(wrong, Answer().text(wrong));
}

TEST(HermesParser, WhatIsNoCallIsText) {
    for (const std::string text :
         {"<tool_call>", "<tool_call>\n", "<tool_call> hello </tool_call>", "a <tool_call", "a\n<tool_call>\n", "<tool_call>{}</tool_call>",
          "<tool_call>\n{\"foo\": 1}\n</tool_call>\n", "<tool_call>{\"name\": 5}</tool_call>", "<tool_call>{\"name\": \"\"}</tool_call>",
          "<tool_call>[{\"name\": \"read\"}]</tool_call>", "<tool_call>{\"name\": \"read", "<tool_call>{\"arguments\": {\"a\": 1}}</tool_call>",
          "<tool_call>{\"arguments\": [1], \"name\": \"read\"}</tool_call>", "<tool_call>{\"name\": {\"name\": \"read\"}}</tool_call>",
          "<tool_call>{name: \"read\"}</tool_call>", "<tool_call>{\"name\" \"read\"}", "</tool_call>", "< tool_call>{\"name\": \"read\"}",
          "{\"name\": \"read\", \"arguments\": {}}", "<tool_call>{\"arguments\": {\"a\": tru}, \"name\": \"read\"}"})
        expectHermes(text, Answer().text(text));
}

TEST(HermesParser, ABrokenBeginningMayBeFollowedByACall) {
    const std::string call = hermesCall("{}");
    expectHermes("<tool_call>" + call, Answer().text("<tool_call>").call("read", "{}", call));
    expectHermes("<tool_call>\n{\"na\n" + call, Answer().text("<tool_call>\n{\"na\n" + call));  // the marker is in a string
    expectHermes("<tool_call>{\"name\": 5" + call, Answer().text("<tool_call>{\"name\": 5").call("read", "{}", call));
    expectHermes("<<tool_call<tool_<" + call, Answer().text("<<tool_call<tool_<").call("read", "{}", call));
}

TEST(HermesParser, ACallThatBreaksOff) {
    const std::string head = "<tool_call>\n{\"name\": \"read\"";
    const auto expectBroken = [&](const std::string& more, const std::string& arguments) {
        expectHermes(head + more, Answer().broken("read", arguments, head + more));
    };
    expectBroken("", "");
    expectBroken(", \"argum", "");
    expectBroken(", \"arguments\": ", "");
    expectBroken(", \"arguments\": {\"path\": \"/tm", R"({"path":"/tm)");
    expectBroken(", \"arguments\": {\"path\": \"/tm\\", R"({"path":"/tm)");
    expectBroken(", \"arguments\": {\"limit\": 50", R"({"limit":)");
    expectBroken(", \"arguments\": {\"limit\": \"50", R"({"limit":)");
    expectBroken(", \"arguments\": {\"list\": [1, 2", R"({"list":[1)");
    const std::string bad = head + ", \"arguments\": {\"all\": t";
    expectHermes(bad + "oo}}\n</tool_call>\nso", Answer().broken("read", R"({"all":)", bad).text("oo}}\n</tool_call>\nso"));
    const std::string escape = head + ", \"arguments\": {\"path\": \"a\\";
    expectHermes(escape + "x\"}}", Answer().broken("read", R"({"path":"a)", escape).text("x\"}}"));
    const std::string number = head + ", \"arguments\": {\"limit\": 1e999";
    expectHermes(number + "}}", Answer().broken("read", R"({"limit":)", number).text("}}"));
    const std::string list = head + ", \"arguments\": ";
    expectHermes(list + "[]}", Answer().broken("read", "", list).text("[]}"));
}

TEST(HermesParser, WhatClosesACallMayBeMissing) {
    const std::string object = R"({"name": "read", "arguments": {"limit": 5}})", limit = R"({"limit":5})";
    const std::string open = "<tool_call>\n" + object;
    expectHermes(open, Answer().call("read", limit, open));
    expectHermes(open + "\n", Answer().call("read", limit, open + "\n"));
    expectHermes(open + "\n</tool_c", Answer().call("read", limit, open + "\n</tool_c"));
    expectHermes(open + "\n\nDone", Answer().call("read", limit, open).text("\nDone"));
    expectHermes(open + "\n" + open, Answer().call("read", limit, open).call("read", limit, open));
    expectHermes(open + "\n" + object + "\n</tool_call>",
                 Answer().call("read", limit, open).call("read", limit, object + "\n</tool_call>"));
    const std::string noBrace = open.substr(0, open.size() - 1);
    expectHermes(noBrace + "\n</tool_call>", Answer().call("read", limit, noBrace + "\n</tool_call>"));
    expectHermes(noBrace, Answer().call("read", limit, noBrace));
    expectHermes(open + "}\n</tool_call>", Answer().call("read", limit, open).text("}\n</tool_call>"));
}

// As soon as it is certain: name, pieces of strings, scalars when they end.
TEST(HermesParser, ArgumentsStream) {
    const auto parser = makeOutputParser(settingsOf(ToolCallFormat::HermesJson));
    const auto told = [&](const std::string& text) {
        Parts parts;
        parser->add(text, parts);
        return shown(parts);
    };
    EXPECT_EQ(told("Yes <"), shown({PartText{"Yes "}}));
    EXPECT_EQ(told("b>\n"), shown({PartText{"<b>"}}));
    EXPECT_EQ(told("<tool_call>\n{\"name\": \"re"), shown({}));
    EXPECT_EQ(told("ad\""), shown({PartCallStart{0, "read"}}));
    EXPECT_EQ(told(", \"arguments\": {"), shown({PartCallArguments{0, "{"}}));
    EXPECT_EQ(told("\"path\": \"/ho"), shown({PartCallArguments{0, "\"path\":\"/ho"}}));
    EXPECT_EQ(told("me\""), shown({PartCallArguments{0, "me\""}}));
    EXPECT_EQ(told(", \"limit\": 5"), shown({PartCallArguments{0, ",\"limit\":"}}));
    EXPECT_EQ(told("0"), shown({}));
    EXPECT_EQ(told("}"), shown({PartCallArguments{0, "50}"}}));
    EXPECT_EQ(told("}\n</tool_call"), shown({}));
    EXPECT_TRUE(told(">").at(0).starts_with("end(0, <tool_call>"));
}

}  // namespace
}  // namespace larder::text
