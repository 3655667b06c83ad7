// What a coding agent's conversation becomes in the chat templates of the families: nothing vanishes, nothing moves.
#include "engine/text/chat_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "engine/text/message_adapter.h"
#include "engine/text/model_text.h"
#include "tests/support/fixtures.h"
#include "tests/support/starter.h"
#include "tests/text/family_templates.h"

namespace larder::text {
namespace {

using base::Json;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct Family {
    const char* name;
    const char* source;
};

void PrintTo(const Family& family, std::ostream* out) {
    *out << family.name;
}

std::shared_ptr<const ChatTemplate> compiled(const std::string& source) {
    auto result = ChatTemplate::compile(source);
    EXPECT_TRUE(result) << result.error().message;
    return *result;
}

std::string joined(const std::vector<TextSegment>& segments) {
    std::string out;
    for (const TextSegment& segment : segments) out += segment.text;
    return out;
}

std::string rendered(const ChatTemplate& chatTemplate, const Json& messages, const Json& tools = nullptr,
                     ChatTemplateInput input = {}) {
    input.messages = &messages;
    input.tools = tools.is_null() ? nullptr : &tools;
    input.bosToken = "<s>";
    input.eosToken = "</s>";
    input.now = std::tm{};
    const auto segments = chatTemplate.render(input);
    EXPECT_TRUE(segments) << segments.error().message << "\n" << messages.dump(1);
    return segments ? joined(*segments) : "";
}

std::string rendered(const char* source, const Json& messages, const Json& tools = nullptr,
                     ChatTemplateInput input = {}) {
    return rendered(*compiled(source), messages, tools, std::move(input));
}

Json message(const std::string& role, Json content) {
    return {{"role", role}, {"content", std::move(content)}};
}
Json call(const std::string& id, const std::string& name, Json arguments) {
    return {{"id", id}, {"type", "function"}, {"function", {{"name", name}, {"arguments", std::move(arguments)}}}};
}
Json calling(const std::string& text, Json calls) {
    Json out = message("assistant", text);
    out["tool_calls"] = std::move(calls);
    return out;
}
Json result(const std::string& id, const std::string& text) {
    Json out = message("tool", text);
    out["tool_call_id"] = id;
    return out;
}

// Keys in an order that nobody would sort them into.
Json tools() {
    const Json parameters = {{"type", "object"},
                             {"required", {"path"}},
                             {"properties", {{"path", {{"type", "string"}}}, {"at", {{"type", "integer"}}}}}};
    Json list = Json::array();
    for (const char* name : {"read_file", "find_text"}) {
        const Json function = {{"name", name}, {"parameters", parameters}, {"description", "Does it: \"ü\""}};
        list.push_back({{"type", "function"}, {"function", function}});
    }
    return list;
}

// Whether the parts are there in this order, each once.
void expectInOrder(const std::string& text, const std::vector<std::string>& parts) {
    std::size_t end = 0;
    for (const std::string& part : parts) {
        const std::size_t at = text.find(part);
        EXPECT_NE(at, std::string::npos) << part << " is missing in\n" << text;
        if (at == std::string::npos) return;
        EXPECT_GE(at, end) << part << " is out of order in\n" << text;
        EXPECT_EQ(text.find(part, at + 1), std::string::npos) << part << " is there twice in\n" << text;
        end = at + part.size();
    }
}

class EveryFamily : public testing::TestWithParam<Family> {
protected:
    std::shared_ptr<const ChatTemplate> m_template = compiled(GetParam().source);
};

Json agentConversation() {
    return Json::array({message("system", "rule zero"), message("user", "what is this"), message("system", "late one"),
                        calling("I look.", Json::array({call("call00000", "read_file", {{"path", "a.txt"}}),
                                                        call("call00001", "find_text", {{"path", "b.txt"}})})),
                        result("call00000", "file A"), result("call00001", "file B"),
                        message("system", "late two"), message("assistant", "an answer"),
                        message("system", "late three"), message("user", "more please"),
                        message("assistant", "the end")});
}

TEST_P(EveryFamily, ShowsAllOfAnAgentsConversationAtItsPlace) {
    const std::string text = rendered(*m_template, agentConversation(), tools());
    expectInOrder(text, {"what is this", "late one", "I look.", "a.txt", "b.txt", "file A", "file B", "late two",
                         "an answer", "late three", "more please", "the end"});
    for (const char* part : {"rule zero", "Does it", "integer"})
        EXPECT_LT(text.find(part), text.find("what is this")) << part << "\n" << text;
    EXPECT_THAT(text, HasSubstr("find_text"));
}

TEST_P(EveryFamily, KeepsTheOrderOfKeysInToolsAndArguments) {
    const Json messages = Json::array(
        {message("user", "go"),
         calling("", Json::array({call("call00001", "read_file", {{"zoo", 1}, {"ant", 2}, {"path", "x"}})})),
         result("call00001", "done")});
    const std::string text = rendered(*m_template, messages, tools());
    EXPECT_LT(text.find("\"parameters\""), text.find("\"description\"")) << text;
    EXPECT_LT(text.find("required"), text.find("properties")) << text;
    expectInOrder(text, {"\"zoo\"", "\"ant\""});
    EXPECT_THAT(text, HasSubstr("ü"));
}

TEST_P(EveryFamily, TakesArgumentsAsTheModelsText) {
    const Json messages = Json::array(
        {message("user", "go"), calling("", Json::array({call("call00001", "read_file", "{\"zoo\":1,\"ant\":[ ]}")}))});
    expectInOrder(rendered(*m_template, messages, tools()), {"\"zoo\"", "\"ant\""});
}

TEST_P(EveryFamily, TakesSeveralSystemMessagesAtTheFront) {
    const Json messages =
        Json::array({message("system", "rule one"), message("system", "rule two"), message("user", "what is this")});
    const std::string plain = rendered(*m_template, messages);
    expectInOrder(plain, {"rule one", "rule two", "what is this"});
    EXPECT_THAT(plain, Not(HasSubstr("system-reminder")));
    const std::string withTools = rendered(*m_template, messages, tools());
    expectInOrder(withTools, {"rule one", "rule two", "what is this"});
    EXPECT_LT(withTools.find("read_file"), withTools.find("what is this"));
}

TEST_P(EveryFamily, TakesNeighboursOfOneRole) {
    const std::string text = rendered(
        *m_template, Json::array({message("user", "q one"), message("user", "q two"), message("assistant", "a one"),
                                  message("assistant", "a two"), message("user", "q three")}));
    expectInOrder(text, {"q one", "q two", "a one", "a two", "q three"});
}

TEST_P(EveryFamily, TakesUserTextBehindAResult) {
    const std::string text =
        rendered(*m_template,
                 Json::array({message("user", "what is this"),
                              calling("", Json::array({call("call00000", "read_file", {{"path", "a.txt"}})})),
                              result("call00000", "file A"), message("user", "stop that")}),
                 tools());
    expectInOrder(text, {"what is this", "a.txt", "file A", "stop that"});
    EXPECT_LT(text.find("read_file"), text.find("stop that"));
}

TEST_P(EveryFamily, SharedPrefixEndsWhereTheFirstQuestionBegins) {
    for (const char* question : {"Another text, really", "tell me", "\n Say it"}) {
        const Json messages = Json::array({message("system", "rule zero"), message("user", question),
                                           message("assistant", "an answer"), message("user", "more")});
        const Json list = tools();
        ChatTemplateInput input;
        input.messages = &messages;
        input.tools = &list;
        input.now = std::tm{};
        const auto segments = m_template->render(input);
        ASSERT_TRUE(segments);
        const std::string text = joined(*segments);
        const std::string_view trimmed = std::string_view(question).substr(question[0] == '\n' ? 2 : 0);
        const std::size_t at = sharedPrefixBytes(*m_template, input, *segments);
        EXPECT_THAT((std::vector{text.find(question), text.find(trimmed)}), testing::Contains(at)) << text;
    }
}

// A conversation as agents have them: any number of system messages, results, texts and calls, in any order that a
// client could send.
Json randomConversation(std::mt19937& random) {
    const auto pick = [&](std::size_t below) { return random() % below; };
    int number = 0;
    const auto words = [&] { return "text " + std::to_string(1000 + number++) + "."; };
    Json messages = Json::array();
    for (std::size_t i = pick(3); i > 0; --i) messages.push_back(message("system", words()));
    for (std::size_t turn = 1 + pick(6); turn > 0; --turn) {
        const bool answersCalls = !messages.empty() && messages.back().contains("tool_calls");
        if (answersCalls) {
            for (const Json& made : Json(messages.back()["tool_calls"]))
                messages.push_back(result(made["id"].get<std::string>(), words()));
        }
        if (!answersCalls || pick(3) == 0) messages.push_back(message("user", words()));
        for (std::size_t i = pick(3); i > 1; --i) messages.push_back(message("system", words()));
        if (pick(5) == 0) messages.push_back(message("user", words()));
        const Json reasoning = pick(3) == 0 ? Json(words()) : Json();
        Json answer = message("assistant", pick(4) == 0 ? "" : words());
        Json calls = Json::array();
        for (std::size_t i = pick(3); i > 0; --i)
            calls.push_back(call("call" + std::to_string(10000 + number), "read_file", {{"path", words()}}));
        if (calls.empty() && answer["content"] == "") answer["content"] = words();
        if (!calls.empty()) answer["tool_calls"] = calls;
        if (!reasoning.is_null()) answer["reasoning_content"] = reasoning;
        messages.push_back(std::move(answer));
    }
    return messages;
}

// The requests of one conversation end before an answer, or with it; each begins as the one before.
TEST_P(EveryFamily, LongerConversationsBeginAsShorterOnes) {
    std::mt19937 random(5);
    const Json list = tools();
    for (int round = 0; round < 150; ++round) {
        const Json messages = randomConversation(random);
        const Json* shown = round % 2 == 0 ? &list : nullptr;
        ChatTemplateInput input;
        input.addGenerationPrompt = false;
        const std::string all = rendered(*m_template, messages, shown ? *shown : Json(), input);
        Json part = Json::array();
        for (const Json& next : messages) {
            if (next["role"] == "assistant" && !part.empty()) {
                EXPECT_THAT(all, StartsWith(rendered(*m_template, part, shown ? *shown : Json(), input)));
            }
            part.push_back(next);
            if (next["role"] == "assistant") {
                EXPECT_THAT(all, StartsWith(rendered(*m_template, part, shown ? *shown : Json(), input)));
            }
        }
        std::vector<std::string> texts;  // all of them, in order
        for (std::size_t at = all.find("text 1"); at != std::string::npos; at = all.find("text 1", at + 1))
            texts.push_back(all.substr(at, 9));
        EXPECT_TRUE(std::ranges::is_sorted(texts)) << all;
        if (HasFailure()) FAIL() << messages.dump(1);
    }
}

// Wherever the client stops: what the texts up to there became stays as it is.
TEST_P(EveryFamily, WhatWasSaidStaysWhereItIsWhateverFollows) {
    std::mt19937 random(6);
    for (int round = 0; round < 100; ++round) {
        const Json messages = randomConversation(random);
        ChatTemplateInput input;
        input.addGenerationPrompt = false;
        const std::string all = rendered(*m_template, messages, tools(), input);
        Json part = Json::array();
        for (const Json& next : messages) {
            part.push_back(next);
            if (part.size() == 1 || next["content"].get<std::string>().empty() || next["role"] == "system") continue;
            if (part[part.size() - 2]["role"] == "system" && part.size() == 2) continue;
            const std::string before = rendered(*m_template, part, tools(), input);
            const std::string text = next["content"].get<std::string>();
            const std::size_t end = before.find(text) + text.size();
            EXPECT_EQ(all.substr(0, end), before.substr(0, end)) << part.dump(1);
        }
        if (HasFailure()) return;
    }
}

INSTANTIATE_TEST_SUITE_P(ChatFamilies, EveryFamily,
                         testing::Values(Family{"Starter", kStarterTemplate}, Family{"Qwen", kQwenTemplate},
                                         Family{"Llama", kLlamaTemplate}, Family{"Mistral", kMistralTemplate},
                                         Family{"Gemma", kGemmaTemplate}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(ChatFamilies, PlainChatMlIsToldTheTools) {
    const Json messages = Json::array({message("system", "rule"), message("user", "go"),
                                       calling("ok", Json::array({call("c1", "f", {{"b", 1}, {"a", "x"}})})),
                                       result("c1", "one"), result("c2", "two"), message("user", "on")});
    const Json list = Json::array({{{"type", "function"}, {"function", {{"name", "f"}, {"description", "d"}}}}});
    const std::string text = rendered(kStarterTemplate, messages, list);
    EXPECT_THAT(text, StartsWith("<|im_start|>system\nrule\n\n# Tools\n\n"));
    EXPECT_THAT(
        text,
        HasSubstr(
            "\n<tools>\n{\"type\":\"function\",\"function\":{\"name\":\"f\",\"description\":\"d\"}}\n</tools>\n"));
    EXPECT_THAT(text,
                HasSubstr("<|im_start|>assistant\nok\n<tool_call>\n{\"name\": \"f\", \"arguments\": "
                          "{\"b\":1,\"a\":\"x\"}}\n</tool_call><|im_end|>\n<|im_start|>user\n<tool_response>\none\n"
                          "</tool_response>\n<tool_response>\ntwo\n</tool_response><|im_end|>\n<|im_start|>user\non"));
    EXPECT_THAT(rendered(kStarterTemplate, Json::array({message("user", "go")}), list),
                StartsWith("<|im_start|>system\n# Tools\n\n"));
    EXPECT_THAT(rendered(kStarterTemplate, Json::array({message("user", "go")}), Json::array()),
                Not(HasSubstr("# Tools")));
}

TEST(ChatFamilies, LateSystemMessagesBecomeRemindersInTheUsersTurn) {
    const std::string text = rendered(kQwenTemplate, agentConversation(), tools());
    EXPECT_THAT(
        text, HasSubstr("<|im_start|>user\nwhat is this\n\n<system-reminder>\nlate one\n</system-reminder><|im_end|>"));
    EXPECT_THAT(text, HasSubstr("file B\n</tool_response><|im_end|>\n<|im_start|>user\n<system-reminder>\nlate two\n"
                                "</system-reminder><|im_end|>\n<|im_start|>assistant\nan answer"));
    EXPECT_THAT(
        text,
        HasSubstr("<|im_start|>user\n<system-reminder>\nlate three\n</system-reminder>\n\nmore please<|im_end|>"));
    // Where the template shows them at their place they stay what they are.
    EXPECT_THAT(rendered(kLlamaTemplate, agentConversation()),
                HasSubstr("<|start_header_id|>system<|end_header_id|>\n\nlate one<|eot_id|>"));
    // A result's user message takes them in.
    EXPECT_THAT(rendered(kGemmaTemplate, agentConversation(), tools()),
                HasSubstr("file B\n</tool_response>\n\n<system-reminder>\nlate two\n</system-reminder><end_of_turn>"));
}

TEST(ChatFamilies, ContentPartsAreJoinedWhereTheyMustBe) {
    const Json parts = Json::array({{{"type", "text"}, {"text", "one"}}, {{"type", "text"}, {"text", "two"}}});
    EXPECT_THAT(rendered(kGemmaTemplate,
                         Json::array({message("system", parts), message("user", parts), message("user", parts)})),
                HasSubstr("user\none\ntwo\n\none\ntwo\n\none\ntwo<end_of_turn>"));
}

// All that follows the first call of a message says nothing more than that: a name of a megabyte would be copied for each.
TEST(ChatFamilies, CallsThatAreToldOneByOneShareNothing) {
    ChatTemplateAbilities abilities;
    abilities.manyCalls = false;
    Json calls = Json::array();
    for (int i = 0; i < 20'000; ++i) calls.push_back(call("call00000", "f", Json::object()));
    Json answer = calling("both", calls);
    answer["name"] = std::string(1'000'000, 'n');
    answer["reasoning_content"] = "hm";
    const auto adapted = adaptMessages(Json::array({message("user", "go"), answer}), nullptr, abilities);
    ASSERT_TRUE(adapted);
    ASSERT_EQ(adapted->size(), 1 + calls.size());
    Json first = answer;
    first["tool_calls"] = Json::array({calls[0]});
    EXPECT_EQ((*adapted)[1], first);
    for (std::size_t i = 2; i < adapted->size(); ++i) ASSERT_EQ((*adapted)[i], calling("", Json::array({calls[0]})));
}

// Linear: copied for each, the message that they all become would take minutes.
TEST(ChatFamilies, AHundredThousandMessagesBecomeOne) {
    constexpr std::size_t kMany = 100'000;
    ChatTemplateAbilities abilities;
    abilities.lateSystem = abilities.results = abilities.userPairs = abilities.assistantPairs = false;
    const auto joinedContent = [&](const Json& each) {
        Json messages = Json::array({message("user", "go")});
        for (std::size_t i = 0; i < kMany; ++i) messages.push_back(each);
        const auto adapted = adaptMessages(messages, nullptr, abilities);
        EXPECT_TRUE(adapted && adapted->size() == (each["role"] == "assistant" ? 2u : 1u));
        return adapted ? adapted->back()["content"].get<std::string>() : "";
    };
    EXPECT_EQ(joinedContent(message("user", "a")).size(), 2 + kMany * 3);
    EXPECT_EQ(joinedContent(message("assistant", "a")).size(), kMany * 3 - 2);
    EXPECT_EQ(joinedContent(message("system", "a")).size(), 2 + kMany * (2 + std::string("<system-reminder>\na\n</system-reminder>").size()));
    EXPECT_EQ(joinedContent(result("call00000", "a")).size(), 3 + kMany * (1 + std::string("<tool_response>\na\n</tool_response>").size()));
}

TEST(ChatFamilies, ReasoningIsShownWhereTheTemplateKnowsIt) {
    Json answer = message("assistant", "yes");
    answer["reasoning_content"] = "hm";
    const Json messages = Json::array({message("user", "go"), answer, message("user", "on")});
    EXPECT_THAT(rendered(kQwenTemplate, messages), HasSubstr("<think>\nhm\n</think>\n\nyes"));
    EXPECT_THAT(rendered(kStarterTemplate, messages), Not(HasSubstr("hm")));
}

TEST(ChatFamilies, ThinkingIsSwitchedUnderTheTemplatesName) {
    const Json messages = Json::array({message("user", "go")});
    ChatTemplateInput input;
    EXPECT_THAT(rendered(kQwenTemplate, messages, nullptr, input), Not(HasSubstr("<think>")));
    input.thinking = false;
    EXPECT_THAT(rendered(kQwenTemplate, messages, nullptr, input), HasSubstr("<think>\n\n</think>"));
    EXPECT_EQ(rendered("{{ thinking is defined }}{{ thinking }}{{ messages|length }}", messages, nullptr, input),
              "TrueFalse1");
    input.thinking = true;
    EXPECT_THAT(rendered(kQwenTemplate, messages, nullptr, input), Not(HasSubstr("<think>")));
    const Json variables = {{"enable_thinking", false}};
    input.variables = &variables;
    EXPECT_THAT(rendered(kQwenTemplate, messages, nullptr, input), HasSubstr("<think>\n\n</think>"));
}

std::string shown(const ChatTemplateAbilities& found) {
    std::string out;
    const std::pair<bool, const char*> all[] = {{found.tools, "tools"},
                                                {found.calls, "calls"},
                                                {found.manyCalls, "manyCalls"},
                                                {found.results, "results"},
                                                {found.userAfterResult, "userAfterResult"},
                                                {found.system, "system"},
                                                {found.manySystems, "manySystems"},
                                                {found.lateSystem, "lateSystem"},
                                                {found.userPairs, "userPairs"},
                                                {found.assistantPairs, "assistantPairs"}};
    for (const auto& [is, name] : all)
        if (!is) out += (out.empty() ? "" : " ") + std::string(name);
    return out;
}

// What real templates lack.
TEST(ChatFamilies, AbilitiesOfRealTemplates) {
    const std::pair<const char*, const char*> expected[] = {
        {"smollm2", "tools calls results"},
        {"turn_style", "tools calls results manySystems lateSystem userPairs assistantPairs"},
        {"smollm3_3b", "tools calls manySystems lateSystem"},
        {"qwq_32b", ""},
        {"qwen3_coder", ""},
        {"qwen3_0_6b", ""},
        {"qwen2_5_7b_instruct", ""},
        {"phi_3_5_mini_instruct", "tools calls results"},
        {"mistral_nemo_instruct_2407",
         "userAfterResult system manySystems lateSystem userPairs assistantPairs"},
        {"header_style", "manyCalls"},
        {"granite_4_0", ""},
        {"granite_3_3_2b_instruct", "calls"},
        {"gpt_oss_120b", "manyCalls manySystems lateSystem"},
        {"glm_4_6", ""},
        {"deepseek_r1", "tools manySystems lateSystem"},
        {"bytedance_seed_oss", ""},
        {"apertus_8b_instruct", "manySystems lateSystem"},
    };
    for (const auto& [name, lacks] : expected) {
        SCOPED_TRACE(name);
        std::ifstream file(support::sourceFolder() / "tests/golden/chat_templates" / (std::string(name) + ".jinja"));
        const std::string source{std::istreambuf_iterator<char>(file), {}};
        const auto chatTemplate = compiled(source);
        EXPECT_EQ(shown(chatTemplate->abilities()), lacks);
        // Some drop what is said beside a call; all else is there, in order.
        const std::string text = rendered(*chatTemplate, agentConversation(), tools());
        expectInOrder(text, {"what is this", "late one", "a.txt", "b.txt", "file A", "file B", "late two", "an answer",
                             "late three", "more please", "the end"});
        for (const char* part : {"rule zero", "Does it", "find_text"}) EXPECT_THAT(text, HasSubstr(part));
    }
}

TEST(ChatFamilies, TheStarterIsToldTheTools) {
    const auto path = support::starterModel();
    if (!path) GTEST_SKIP() << "LARDER_STARTER names no model";
    const auto model = loadModelText(*path);
    ASSERT_TRUE(model) << model.error().message;
    ASSERT_TRUE((*model)->chatTemplate);
    EXPECT_EQ(rendered(*(*model)->chatTemplate, agentConversation(), tools()),
              rendered(kStarterTemplate, agentConversation(), tools()));
}

}  // namespace
}  // namespace larder::text
