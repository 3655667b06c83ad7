// Qwen3-Coder: <tool_call>\n<function=NAME>\n<parameter=KEY>\nVALUE\n</parameter>\n</function>\n</tool_call>.
#include <gtest/gtest.h>

#include <utility>

#include "tests/text/output_parser_house.h"

namespace larder::text {
namespace {

void expectXml(const std::string& text, const Parts& right) { expectInEveryCut(settingsOf(ToolCallFormat::QwenXml), text, right); }

std::string xmlCall(const std::vector<std::pair<std::string, std::string>>& parameters, const std::string& name = "read") {
    std::string text = "<tool_call>\n<function=" + name + ">\n";
    for (const auto& [key, value] : parameters) text += "<parameter=" + key + ">\n" + value + "\n</parameter>\n";
    return text + "</function>\n</tool_call>";
}

void expectXmlArguments(const std::vector<std::pair<std::string, std::string>>& written, const std::string& right,
                        const std::string& tool = "read") {
    const std::string text = xmlCall(written, tool);
    expectXml(text, Answer().call(tool, right, text));
}

TEST(QwenXmlParser, TextAndCalls) {
    const std::string a = xmlCall({{"path", "a"}}), b = xmlCall({});
    expectXml("plain <function> <parameter=x>\n", Answer().text("plain <function> <parameter=x>\n"));
    expectXml(a, Answer().call("read", R"({"path":"a"})", a));
    expectXml("I look.\n" + a + "\n" + b + "\nSo.",
              Answer().text("I look.").call("read", R"({"path":"a"})", a).call("read", "{}", b).text("So."));
    expectXml("I look.\n\n" + a, Answer().text("I look.\n").call("read", R"({"path":"a"})", a));
}

TEST(QwenXmlParser, StringsAreExact) {
    expectXmlArguments({{"path", ""}}, R"({"path":""})");
    expectXmlArguments({{"path", "\n"}}, R"({"path":"\n"})");
    expectXmlArguments({{"path", "  two\n\n lines \n"}}, R"({"path":"  two\n\n lines \n"})");
    expectXmlArguments({{"path", "\"quoted\" \\n \u00e9\U0001f600 <b> & </b>"}}, "{\"path\":\"\\\"quoted\\\" \\\\n \u00e9\U0001f600 <b> & </b>\"}");
    expectXmlArguments({{"path", "5"}, {"free", "[1, 2]"}, {"other", "true"}}, R"({"path":"5","free":"[1, 2]","other":"true"})");
    const std::string tight = "<tool_call><function=read><parameter=path>a</parameter><parameter=free></parameter></function></tool_call>";
    expectXml(tight, Answer().call("read", R"({"path":"a","free":""})", tight));
    const std::string one = "<tool_call><function=read><parameter=path>\n</parameter></function></tool_call>";
    expectXml(one, Answer().call("read", R"({"path":""})", one));
}

TEST(QwenXmlParser, ValuesMayHoldTheFormatItself) {
    expectXmlArguments({{"path", "<parameter=a>\nb\n</parameter>\nmore </parameter></parameter>"}},
                       R"({"path":"<parameter=a>\nb\n</parameter>\nmore </parameter></parameter>"})");
    expectXmlArguments({{"path", "</function>\n</tool_call>\n<tool_call> </par"}}, R"({"path":"</function>\n</tool_call>\n<tool_call> </par"})");
    const std::string gap = "x</parameter>" + std::string(300, ' ');
    expectXmlArguments({{"path", gap}}, "{\"path\":\"" + gap + "\"}");
}

TEST(QwenXmlParser, ValuesAreOfTheSchemasTypes) {
    expectXmlArguments({{"limit", "5000"}, {"ratio", "0.5"}, {"all", "True"}}, R"({"limit":5000,"ratio":0.5,"all":true})");
    expectXmlArguments({{"limit", "many"}, {"ratio", ""}, {"all", "yes\n"}}, R"({"limit":"many","ratio":"","all":"yes\n"})");
    expectXmlArguments({{"maybe", "3"}}, R"({"maybe":3})");
    expectXmlArguments({{"maybe", "None"}}, R"({"maybe":null})");
    expectXmlArguments({{"note", "null"}}, R"({"note":null})");
    expectXmlArguments({{"note", "nullable"}}, R"({"note":"nullable"})");
    expectXmlArguments({{"note", "nul"}}, R"({"note":"nul"})");
    expectXmlArguments({{"note", " x"}}, R"({"note":" x"})");
    expectXmlArguments({{"path", "null"}, {"colour", "7"}}, R"({"path":"null","colour":"7"})");
    expectXmlArguments({{"list", "[1,\n \"2\"]"}}, R"({"list":[1,2]})");
    expectXmlArguments({{"list", "[1,"}}, R"({"list":"[1,"})");
    expectXmlArguments({{"mixed", "[\"a\"]"}}, R"({"mixed":["a"]})");
    expectXmlArguments({{"mixed", "[a]"}}, R"({"mixed":"[a]"})");
    expectXmlArguments({{"mixed", "{}"}}, R"({"mixed":"{}"})");
    expectXmlArguments({{"edits", "[{\"line\": \"3\", \"text\": 4}]"}, {"one", "{\"line\": 1}"}, {"rest", "5"}},
                       R"({"edits":[{"line":3,"text":"4"}],"one":{"line":1},"rest":5})", "edit");
    expectXmlArguments({{"limit", "5"}}, R"({"limit":"5"})", "unknown");
}

TEST(QwenXmlParser, TheBlockMayBeMissing) {
    const std::string call = xmlCall({{"path", "a"}}), right = R"({"path":"a"})";
    const std::string bare = call.substr(12, call.size() - 12 - 13);
    ASSERT_TRUE(bare.starts_with("<function=") && bare.ends_with("</function>"));
    expectXml("So:\n" + bare, Answer().text("So:").call("read", right, bare));
    expectXml(bare + "\n</tool_call>\n", Answer().call("read", right, bare + "\n</tool_call>"));
    expectXml(bare + "\nDone", Answer().call("read", right, bare).text("Done"));
    expectXml("<tool_call>\n" + bare + "\n" + bare + "\n</tool_call>",
              Answer().call("read", right, "<tool_call>\n" + bare).call("read", right, bare + "\n</tool_call>"));
    const std::string noFunctionEnd = "<tool_call>\n<function=read>\n<parameter=path>\na\n</parameter>\n</tool_call>";
    expectXml(noFunctionEnd, Answer().call("read", right, noFunctionEnd));
    const std::string empty = "<function=now></function>";
    expectXml(empty, Answer().call("now", "{}", empty));
}

TEST(QwenXmlParser, WhatIsNoCallIsText) {
    for (const std::string text :
         {"<tool_call>", "<tool_call>\n<func", "<tool_call>{\"name\": \"read\"}</tool_call>", "<tool_call><function=></function>",
          "<tool_call><function=re\nad>", "<function=read>", "Write <function=NAME> and then <parameter=KEY>.", "<function=read>\nx",
          "<function=<function=", "<function=read> </func", "</function></tool_call>", "<tool_call>\n\n<b>"})
        expectXml(text, Answer().text(text));
    const std::string call = xmlCall({});
    expectXml("<tool_call>\n" + call, Answer().text("<tool_call>").call("read", "{}", call));
    expectXml("<tool_call><func" + call, Answer().text("<tool_call><func").call("read", "{}", call));
    expectXml("<function=read>" + call, Answer().text("<function=read>").call("read", "{}", call));
}

TEST(QwenXmlParser, ACallThatBreaksOff) {
    const std::string head = "<tool_call>\n<function=read>";
    const auto expectBroken = [&](const std::string& more, const std::string& arguments) {
        expectXml(head + more, Answer().broken("read", arguments, head + more));
    };
    expectBroken("", "");
    expectBroken("\n<param", "");
    expectBroken("\n<parameter=pa", "");
    expectBroken("\n<parameter=path>", R"({"path":)");
    expectBroken("\n<parameter=path>\nab", R"({"path":"ab)");
    expectBroken("\n<parameter=path>\nab\n</parameter>\n", R"({"path":"ab)");
    expectBroken("\n<parameter=limit>\n5", R"({"limit":)");
    expectXml(head + "\nhello\n</function>", Answer().broken("read", "", head).text("hello\n</function>"));
    const std::string key = head + "<parameter=a";
    expectXml(key + "\nb>", Answer().broken("read", "", key).text("b>"));
    expectXml(head + "</function>", Answer().call("read", "{}", head + "</function>"));
    expectXml(head + "</function>\n</to", Answer().call("read", "{}", head + "</function>\n</to"));
}

TEST(QwenXmlParser, ArgumentsStream) {
    const auto parser = makeOutputParser(settingsOf(ToolCallFormat::QwenXml));
    const auto told = [&](const std::string& text) {
        Parts parts;
        parser->add(text, parts);
        return shown(parts);
    };
    EXPECT_EQ(told("<tool_call>\n<function=read"), shown({}));
    EXPECT_EQ(told(">\n"), shown({PartCallStart{0, "read"}}));
    EXPECT_EQ(told("<parameter=path>\n"), shown({PartCallArguments{0, "{\"path\":"}}));
    EXPECT_EQ(told("/home\n"), shown({PartCallArguments{0, "\"/home"}}));
    EXPECT_EQ(told("x</par"), shown({PartCallArguments{0, "\\nx"}}));
    EXPECT_EQ(told("ty"), shown({PartCallArguments{0, "</party"}}));
    EXPECT_EQ(told("\n</parameter>\n</fun"), shown({}));
    EXPECT_EQ(told("ction>"), shown({PartCallArguments{0, "\"}"}}));
}

}  // namespace
}  // namespace larder::text
