#include "engine/text/replay_equality.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace larder::text {
namespace {

using base::Json;

const Json kTools = Json::parse(R"([
  {"type":"function","function":{"name":"Read","parameters":{"type":"object","properties":{"file_path":{"type":"string"}},"required":["file_path"]}}},
  {"type":"function","function":{"name":"Edit","parameters":{"type":"object","required":["old_string","new_string","deep"],"properties":{
    "file_path":{"type":"string"},"old_string":{"type":"string"},"new_string":{"type":"string"},
    "replace_all":{"type":"boolean","default":false},"limit":{"type":"integer","default":2000},"note":{"type":"string"},
    "deep":{"type":"object","required":["a"],"properties":{"a":{"type":"number"},"b":{"type":"boolean"}}},
    "list":{"type":"array","items":{"type":"object","properties":{"x":{"default":7}}}}}}}}
])");

bool sameArguments(const char* echoed, const char* sent, const Json* tools = &kTools, const char* name = "Edit") {
    const auto message = [&](const char* arguments) {
        return Json{{"role", "assistant"},
                    {"content", ""},
                    {"tool_calls", {{{"id", "c1"}, {"function", {{"name", name}, {"arguments", Json::parse(arguments)}}}}}}};
    };
    return isSameAnswer(message(echoed), message(sent), tools);
}

struct ArgumentsCase {
    const char* echoed;
    const char* sent;
    bool same;
};

class ReplayArguments : public testing::TestWithParam<ArgumentsCase> {};

TEST_P(ReplayArguments, AreEqualUpToWhatClientsDo) {
    EXPECT_EQ(sameArguments(GetParam().echoed, GetParam().sent), GetParam().same);
    EXPECT_EQ(sameArguments(GetParam().sent, GetParam().echoed), GetParam().same) << "the other way round";
}

INSTANTIATE_TEST_SUITE_P(
    Table, ReplayArguments,
    testing::Values(ArgumentsCase{R"({"a":1,"b":"x"})", R"({"b":"x","a":1})", true},      // order
                    ArgumentsCase{R"({"a":5000})", R"({"a":"5000"})", true},              // types
                    ArgumentsCase{R"({"a":5000})", R"({"a":5000.0})", true},
                    ArgumentsCase{R"({"a":5000})", R"({"a":"5000.0"})", true},
                    ArgumentsCase{R"({"a":true})", R"({"a":"true"})", true},
                    ArgumentsCase{R"({"a":null})", R"({"a":"null"})", true},
                    ArgumentsCase{R"({"a":[1,"2"]})", R"({"a":["1",2]})", true},
                    ArgumentsCase{R"({"a":[1,2]})", R"({"a":"[1, 2]"})", true},
                    ArgumentsCase{R"({"a":{"k":1}})", R"({"a":"{\"k\":\"1\"}"})", true},
                    ArgumentsCase{R"({"a":5000})", R"({"a":5001})", false},
                    ArgumentsCase{R"({"a":"5000"})", R"({"a":"5000 "})", false},
                    ArgumentsCase{R"({"a":true})", R"({"a":"yes"})", false},
                    ArgumentsCase{R"({"a":true})", R"({"a":1})", false},
                    ArgumentsCase{R"({"a":[1,2]})", R"({"a":[2,1]})", false},
                    ArgumentsCase{R"({"a":[1,2]})", R"({"a":[1,2,3]})", false},
                    ArgumentsCase{R"({"note":"x"})", R"({"note":"y"})", false},
                    // Keys that only one has: the default, what is empty, what the schema does not know.
                    ArgumentsCase{R"({"replace_all":false})", "{}", true},
                    ArgumentsCase{R"({"replace_all":true})", "{}", false},
                    ArgumentsCase{R"({"limit":2000})", "{}", true},
                    ArgumentsCase{R"({"limit":"2000"})", "{}", true},
                    ArgumentsCase{R"({"limit":10})", "{}", false},
                    ArgumentsCase{R"({"limit":0})", "{}", false},
                    ArgumentsCase{R"({"note":null})", "{}", true},
                    ArgumentsCase{R"({"note":""})", "{}", true},
                    ArgumentsCase{R"({"list":[]})", "{}", true},
                    ArgumentsCase{R"({"note":"x"})", "{}", false},
                    ArgumentsCase{R"({"made_up":"x"})", "{}", true},
                    ArgumentsCase{R"({"old_string":""})", "{}", false},                   // required
                    ArgumentsCase{R"({"deep":{"b":false,"a":1}})", R"({"deep":{"a":"1"}})", true},
                    ArgumentsCase{R"({"deep":{"b":true,"a":1}})", R"({"deep":{"a":1}})", false},
                    ArgumentsCase{R"({"deep":{"a":null}})", R"({"deep":{}})", false},
                    ArgumentsCase{R"({"list":[{"x":7},{}]})", R"({"list":[{},{"x":"7"}]})", true},
                    ArgumentsCase{R"({"list":[{"x":8}]})", R"({"list":[{}]})", false}));

TEST(ReplayEquality, WithoutASchemaOnlyWhatIsEmptyMayBeMissing) {
    EXPECT_TRUE(sameArguments(R"({"b":1,"a":false})", R"({"b":"1"})", nullptr));
    EXPECT_FALSE(sameArguments(R"({"b":1,"a":2000})", R"({"b":"1"})", nullptr));
    EXPECT_FALSE(sameArguments(R"({"b":1,"a":"x"})", R"({"b":1})", &kTools, "Unknown"));
}

TEST(ReplayEquality, DeepArgumentsInAnotherOrderTakeLinearTime) {
    Json a = 1, b = "1";
    for (int depth = 0; depth < 150; ++depth) {
        a = Json{{"x", std::move(a)}, {"y", 1}};
        b = Json{{"y", 1}, {"x", std::move(b)}};
    }
    EXPECT_TRUE(sameArguments(a.dump().c_str(), b.dump().c_str(), nullptr));
}

Json parsed(const char* text) { return Json::parse(text); }

TEST(ReplayEquality, ContentAndReasoning) {
    const Json sent = parsed(R"({"role":"assistant","reasoning_content":"hm\n","content":"\n\nyes \n"})");
    EXPECT_TRUE(isSameAnswer(parsed(R"({"role":"assistant","content":"yes"})"), sent, nullptr));
    EXPECT_TRUE(isSameAnswer(parsed(R"({"role":"assistant","reasoning_content":" hm","content":"yes"})"), sent, nullptr));
    EXPECT_TRUE(isSameAnswer(parsed(R"({"role":"assistant","reasoning_content":"","content":"yes"})"), sent, nullptr));
    EXPECT_FALSE(isSameAnswer(parsed(R"({"role":"assistant","reasoning_content":"other","content":"yes"})"), sent, nullptr));
    EXPECT_FALSE(isSameAnswer(parsed(R"({"role":"assistant","content":"ye s"})"), sent, nullptr));
    EXPECT_FALSE(isSameAnswer(parsed(R"({"role":"assistant"})"), sent, nullptr));
    const Json blank = parsed(R"({"role":"assistant","content":" \n"})");
    EXPECT_TRUE(isSameAnswer(parsed(R"({"role":"assistant"})"), blank, nullptr));
    EXPECT_TRUE(isSameAnswer(parsed(R"({"role":"assistant","content":null})"), blank, nullptr));
}

TEST(ReplayEquality, Calls) {
    const auto calls = [](const char* list) {
        return parsed((R"({"role":"assistant","tool_calls":)" + std::string(list) + "}").c_str());
    };
    const Json sent = calls(R"([{"id":"1","function":{"name":"Read","arguments":{}}},{"id":"2","function":{"name":"Edit","arguments":{}}}])");
    EXPECT_TRUE(isSameAnswer(sent, sent, nullptr));
    EXPECT_TRUE(isSameAnswer(
        calls(R"([{"type":"function","id":"1","function":{"arguments":{},"name":"Read"}},{"id":"2","function":{"name":"Edit","arguments":"{}"}}])"),
        sent, nullptr));
    EXPECT_FALSE(isSameAnswer(
        calls(R"([{"id":"2","function":{"name":"Edit","arguments":{}}},{"id":"1","function":{"name":"Read","arguments":{}}}])"), sent, nullptr));
    EXPECT_FALSE(isSameAnswer(calls(R"([{"id":"1","function":{"name":"Read","arguments":{}}}])"), sent, nullptr));
    EXPECT_FALSE(isSameAnswer(
        calls(R"([{"id":"1","function":{"name":"Write","arguments":{}}},{"id":"2","function":{"name":"Edit","arguments":{}}}])"), sent, nullptr));
    for (const char* odd : {"null", "5", "[5]", R"([{"id":5}])", R"({"a":1})"})
        EXPECT_FALSE(isSameAnswer(calls(odd), sent, nullptr)) << odd;
}

}  // namespace
}  // namespace larder::text
