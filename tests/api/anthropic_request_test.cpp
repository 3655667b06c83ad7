// What Anthropic requests are read into: the canonical conversation, tools, sampling, and what is refused with which words.
#include "engine/api/anthropic_request.h"
#include "engine/api/chat_messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/api/api_house.h"
#include "tests/api/claude_code_body.h"

namespace larder::api {
namespace {

using ::testing::HasSubstr;

std::string bodyWith(const std::string& more) {
    return R"({"model":"tiny","max_tokens":10,)" + more + "}";
}

std::string withMessages(const std::string& messages) {
    return bodyWith("\"messages\":[" + messages + "]");
}

AnthropicRequest read(const std::string& body) {
    auto request = readAnthropicRequest(parsed(body));
    EXPECT_TRUE(request.ok()) << body << ": " << (request.ok() ? "" : request.error().message);
    return request.ok() ? std::move(*request) : AnthropicRequest{};
}

std::string conversation(const std::string& messages) {
    const AnthropicRequest request = read(withMessages(messages));
    return request.chat.messages ? request.chat.messages->dump() : "none";
}

std::string refusal(const std::string& body) {
    const auto request = readAnthropicRequest(parsed(body));
    return request.ok() ? "accepted" : request.error().message;
}

const std::string kHi = R"({"role":"user","content":"hi"})";
constexpr const char* kHiRead = R"({"role":"user","content":"hi"})";

TEST(AnthropicRequest, ARequestOfClaudeCodeBecomesTheCanonicalConversation) {
    const AnthropicRequest request = read(kClaudeCodeBody);
    const std::string webFetch =
        R"({"type":"function","function":{"name":"WebFetch","description":"Fetches a page.","parameters":{"type":"object","properties":{"url":{"type":"string"}},"required":["url"]}}})";
    base::Json expected = parsed(R"([
        {"role":"system","content":"You are an agent that works in a terminal.\n\nBe brief.\nUse tools."},
        {"role":"user","content":"<system-reminder>\nThe project's notes: build with make.\n</system-reminder>\n\n<system-reminder>\nBranch main, nothing changed.\n</system-reminder>\n\nWhat does notes.txt say, and is there news?"},
        {"role":"system","content":"Working folder: /tmp/scratch\nToday is 2026-11-21."},
        {"role":"assistant","content":"Let me look.\n\n","reasoning_content":"I read the file first.","tool_calls":[
          {"id":"toolu_0a","type":"function","function":{"name":"Read","arguments":{"file_path":"/tmp/scratch/notes.txt","limit":20}}},
          {"id":"toolu_0b","type":"function","function":{"name":"ToolSearch","arguments":{"query":"select:WebFetch"}}}]},
        {"role":"tool","content":"<tool_use_error>There is no notes.txt.</tool_use_error>","tool_call_id":"toolu_0a","name":"Read"},
        {"role":"tool","content":"","tool_call_id":"toolu_0b","name":"ToolSearch"},
        {"role":"user","content":"Tool loaded."}])");
    expected[5]["content"] = "<tools>\n" + webFetch + "\n</tools>";
    EXPECT_EQ(request.chat.messages->dump(1), expected.dump(1));
    ASSERT_TRUE(request.chat.tools);
    EXPECT_EQ(request.chat.tools->dump(),
              R"([{"type":"function","function":{"name":"Read","description":"Reads a file.","parameters":{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{"file_path":{"type":"string"},"limit":{"type":"number"}},"required":["file_path"],"additionalProperties":false}}},)"
              R"({"type":"function","function":{"name":"ToolSearch","description":"Loads tools.","parameters":{"type":"object","properties":{"query":{"type":"string"}},"required":["query"]}}}])");
    ASSERT_TRUE(request.chat.allTools);
    const std::string shown = request.chat.tools->dump();
    EXPECT_EQ(request.chat.allTools->dump(), shown.substr(0, shown.size() - 1) + "," + webFetch + "]");
    EXPECT_EQ(callableTools(request.chat), request.chat.allTools);
    EXPECT_EQ(request.chat.toolChoice.use, ToolUse::Auto);
    EXPECT_TRUE(request.chat.toolChoice.parallel);
    EXPECT_EQ(request.chat.maxTokens, 32000u);
    EXPECT_EQ(request.chat.thinking, std::nullopt);
    EXPECT_EQ(request.chat.priority, Priority::Interactive);
    EXPECT_EQ(request.chat.unreadablePart, "");
    EXPECT_TRUE(request.chat.stream);
    EXPECT_TRUE(request.cacheControl);
}

TEST(AnthropicRequest, WhatSaysNothingToTheModelChangesNothing) {
    const base::Json plain = *read(kClaudeCodeBody).chat.messages;
    base::Json other = parsed(kClaudeCodeBody);
    for (const char* field : {"metadata", "context_management", "output_config", "thinking"}) other.erase(field);
    other["safeguards"] = {{"paths", {"/tmp"}}};
    other["betas"] = {"a", "b"};
    other["service_tier"] = "auto";
    other["messages"][1]["output_config"] = {{"effort", "low"}};
    other["system"][0]["text"] = "x-anthropic-billing-header: cc_version=2.1.328.281; cc_entrypoint=cli; cch=ead88;";
    other["system"][1].erase("cache_control");
    other["messages"][1]["content"] = {{{"type", "text"}, {"text", other["messages"][1]["content"]}, {"citations", nullptr}}};
    other["messages"][2]["content"][0]["signature"] = "another";
    other["messages"][2]["content"].erase(1);
    other["messages"][3]["content"][0]["content"] = {{{"type", "text"}, {"text", "There is no notes.txt."}, {"cache_control", {{"type", "ephemeral"}}}}};
    EXPECT_EQ(read(other.dump()).chat.messages->dump(1), plain.dump(1));
    other["system"].erase(0);
    EXPECT_EQ(read(other.dump()).chat.messages->dump(1), plain.dump(1));
    other["system"] = "You are an agent that works in a terminal.\n\nBe brief.\nUse tools.";
    EXPECT_EQ(read(other.dump()).chat.messages->dump(1), plain.dump(1));
}

TEST(AnthropicRequest, TheAttributionLineGoesFromSystemAndUserTextsOnly) {
    const std::string line = R"(x-anthropic-billing-header: cc_version=2.1.1.abc;)";
    const std::string read1 = conversation(
        R"({"role":"user","content":"a\n)" + line + R"(\nb"},{"role":"system","content":")" + line + R"(\n\nc"},)" +
        R"({"role":"assistant","content":[{"type":"tool_use","id":"1","name":"f","input":{}}]},)" +
        R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":")" + line + R"("}]})");
    EXPECT_EQ(read1, R"([{"role":"user","content":"a\nb"},{"role":"system","content":"c"},)"
                     R"({"role":"assistant","content":"","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":{}}}]},)"
                     R"({"role":"tool","content":")" + line + R"(","tool_call_id":"1","name":"f"}])");
}

TEST(AnthropicRequest, BlankBlocksAndMessagesVanish) {
    EXPECT_EQ(conversation(R"({"role":"user","content":[{"type":"text","text":" \n"},{"type":"text","text":"hi"},{"type":"text","text":""}]},)"
                           R"({"role":"assistant","content":[]},{"role":"assistant","content":"\n"},)"
                           R"({"role":"assistant","content":[{"type":"redacted_thinking","data":"x"}]},{"role":"user","content":""},)" + kHi),
              std::string("[") + kHiRead + "," + kHiRead + "]");
    EXPECT_EQ(refusal(withMessages(R"({"role":"user","content":" "})")), "messages: at least one message with content is required");
    EXPECT_EQ(refusal(withMessages("")), "messages: at least one message with content is required");
}

TEST(AnthropicRequest, AnAssistantsStretchesAreJoinedAsTheAnswerWas) {
    EXPECT_EQ(conversation(R"({"role":"assistant","content":[{"type":"thinking","thinking":"one"},{"type":"text","text":"Before. "},)"
                           R"({"type":"tool_use","id":"1","name":"f","input":{"b":1,"a":"x"}},{"type":"thinking","thinking":" two"},)"
                           R"({"type":"text","text":"After."}]},)" + kHi),
              R"([{"role":"assistant","content":"Before. After.","reasoning_content":"one two","tool_calls":[)"
              R"({"id":"1","type":"function","function":{"name":"f","arguments":{"b":1,"a":"x"}}}]},{"role":"user","content":"hi"}])");
}

TEST(AnthropicRequest, ToolResultsStayInTheirPlace) {
    EXPECT_EQ(conversation(R"({"role":"user","content":[{"type":"text","text":"before"},{"type":"tool_result","tool_use_id":"2"},)"
                           R"({"type":"tool_result","tool_use_id":"1","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},)"
                           R"({"type":"text","text":"behind"},{"type":"text","text":"it"}]})"),
              R"([{"role":"user","content":"before"},{"role":"tool","content":"","tool_call_id":"2"},)"
              R"({"role":"tool","content":"a\nb","tool_call_id":"1"},{"role":"user","content":"behind\nit"}])");
}

TEST(AnthropicRequest, ErrorsAreMarkedOnce) {
    const auto marked = [](const char* content) {
        return parsed(conversation(std::string(R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"1","is_error":true,"content":")") +
                                   content + R"("}]})"))[0]["content"]
            .get<std::string>();
    };
    EXPECT_EQ(marked("Exit code 1"), "<tool_use_error>Exit code 1</tool_use_error>");
    EXPECT_EQ(marked("<tool_use_error>No such tool</tool_use_error>"), "<tool_use_error>No such tool</tool_use_error>");
}

TEST(AnthropicRequest, LoadedToolsAreShownWhereTheyAreLoaded) {
    const std::string body = bodyWith(
        R"("tools":[{"name":"a","input_schema":{},"defer_loading":true},{"name":"b","input_schema":{"type":"object"},"strict":true,"defer_loading":true},)"
        R"({"name":"c","input_schema":{}}],"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":[)"
        R"({"type":"text","text":"Found:"},{"type":"tool_reference","tool_name":"b"},{"type":"tool_reference","tool_name":"a"},)"
        R"({"type":"text","text":"and"},{"type":"tool_reference","tool_name":"gone"}]}]}])");
    EXPECT_EQ((*read(body).chat.messages)[0]["content"].get<std::string>(),
              "Found:\n<tools>\n"
              R"({"type":"function","function":{"name":"b","parameters":{"type":"object"},"strict":true}})"
              "\n"
              R"({"type":"function","function":{"name":"a","parameters":{}}})"
              "\n</tools>\nand\n<tools>\ngone\n</tools>");
}

TEST(AnthropicRequest, LoadingOneLargeToolAgainAndAgainHasAnEnd) {
    const auto loading = [](std::size_t times) {
        std::string references;
        for (std::size_t i = 0; i < times; ++i) references += (i > 0 ? "," : "") + std::string(R"({"type":"tool_reference","tool_name":"a"})");
        return bodyWith(R"("tools":[{"name":"a","input_schema":{},"description":")" + std::string(1 << 20, 'd') +
                        R"(","defer_loading":true}],"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":[)" +
                        references + "]}]}]");
    };
    EXPECT_GT((*read(loading(15)).chat.messages)[0]["content"].get_ref<const std::string&>().size(), 15u << 20);
    EXPECT_THAT(refusal(loading(17)), HasSubstr("all that are loaded are more than 16 MB"));
}

TEST(AnthropicRequest, UnreadableBlocksAreNamed) {
    const auto unreadable = [](const char* block) {
        return read(withMessages(std::string(R"({"role":"user","content":[{"type":"text","text":"see"},)") + block + "]}")).chat.unreadablePart;
    };
    EXPECT_EQ(unreadable(R"({"type":"image","source":{"type":"base64","data":"x"}})"), R"(messages.0.content.1 is of type "image")");
    EXPECT_EQ(unreadable(R"({"type":"document","source":{"type":"url","url":"u"}})"), R"(messages.0.content.1 is of type "document")");
    EXPECT_EQ(unreadable(R"({"type":"hologram","text":"t"})"), R"(messages.0.content.1 is of type "hologram")");
    EXPECT_EQ(unreadable(R"({"type":"marker","id":"x","content":[]})"), "");
    // It would stay in every later request: the model is told instead.
    const auto result = read(withMessages(R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":[)"
                                          R"({"type":"image","source":{"x":1}},{"type":"text","text":"12 KB"}]}]})"));
    EXPECT_EQ(result.chat.unreadablePart, "");
    EXPECT_EQ((*result.chat.messages)[0]["content"], "12 KB\n" + std::string(kUnreadableResult));
    EXPECT_EQ(read(withMessages(R"({"role":"assistant","content":[{"type":"server_tool_use","id":"1","name":"web_search","input":{"q":1}}]},)" + kHi))
                  .chat.unreadablePart,
              R"(messages.0.content.0 is of type "server_tool_use")");
}

TEST(AnthropicRequest, ToolChoices) {
    const auto choice = [](const char* text) {
        return read(bodyWith(std::string(R"("tools":[{"name":"f","input_schema":{}},{"type":"web_search_20250305","name":"web_search"}],"messages":[)") +
                             kHi + "],\"tool_choice\":" + text));
    };
    EXPECT_EQ(choice("null").chat.toolChoice.use, ToolUse::Auto);
    EXPECT_EQ(choice(R"({"type":"auto","disable_parallel_tool_use":true})").chat.toolChoice.parallel, false);
    EXPECT_EQ(choice(R"({"type":"any"})").chat.toolChoice.use, ToolUse::Required);
    EXPECT_EQ(choice(R"({"type":"none"})").chat.toolChoice.use, ToolUse::None);
    EXPECT_TRUE(choice(R"({"type":"none"})").chat.tools) << "the prompt stays the same";
    const ToolChoice named = choice(R"({"type":"tool","name":"f"})").chat.toolChoice;
    EXPECT_EQ(named.use, ToolUse::Named);
    EXPECT_EQ(named.name, "f");
    EXPECT_EQ(choice("null").chat.tools->size(), 1u) << "what the server would have to run is left out";

    const auto refused = [](const char* tools, const char* text) {
        return refusal(bodyWith(std::string("\"tools\":") + tools + ",\"messages\":[" + kHi + "],\"tool_choice\":" + text));
    };
    EXPECT_EQ(refused(R"([{"name":"f","input_schema":{}}])", R"({"type":"tool","name":"g"})"),
              "tool_choice.name must be one of the tools offered, but is \"g\"");
    EXPECT_EQ(refused("[]", R"({"type":"any"})"), "tool_choice.type is \"any\", but the request offers no tool");
    EXPECT_THAT(refused("[]", R"({"type":"some"})"), HasSubstr("tool_choice.type must be"));
    EXPECT_THAT(refused("[]", R"("auto")"), HasSubstr("tool_choice must be an object"));
}

TEST(AnthropicRequest, SamplingAndTheRest) {
    const ChatRequest chat =
        read(withMessages(kHi).insert(1, R"("temperature":0.5,"top_p":0.25,"top_k":7,"seed":9,"stop_sequences":["x","y"],"tools":[],)"
                                         R"("thinking":{"type":"enabled","budget_tokens":2000},"cache":{"pin":true},)"
                                         R"("output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}},)"))
            .chat;
    EXPECT_EQ(chat.sampling.temperature, 0.5f);
    EXPECT_EQ(chat.sampling.topP, 0.25f);
    EXPECT_EQ(chat.sampling.topK, 7);
    EXPECT_EQ(chat.sampling.seed, 9u);
    EXPECT_EQ(chat.stop, (std::vector<std::string>{"x", "y"}));
    EXPECT_EQ(chat.priority, Priority::Background) << "a side call beside a conversation";
    EXPECT_EQ(chat.thinking, true);
    EXPECT_TRUE(chat.pin);
    ASSERT_TRUE(chat.answerSchema);
    EXPECT_EQ(chat.answerSchema->dump(), R"({"type":"object"})");
    EXPECT_FALSE(chat.answerSchemaStrict);
    EXPECT_FALSE(chat.stream);
    EXPECT_FALSE(chat.tools);
    EXPECT_EQ(read(bodyWith("\"messages\":[" + kHi + R"(],"thinking":{"type":"disabled"})")).chat.thinking, false);
    EXPECT_EQ(read(bodyWith("\"messages\":[" + kHi + R"(],"thinking":{"type":"from tomorrow"})")).chat.thinking, std::nullopt);
    EXPECT_FALSE(read(withMessages(kHi)).cacheControl);
    EXPECT_TRUE(read(bodyWith("\"messages\":[" + kHi + R"(],"cache_control":{"type":"ephemeral"})")).cacheControl);
    EXPECT_NE(read(withMessages(kHi)).chat.sampling.seed, read(withMessages(kHi)).chat.sampling.seed);
}

TEST(AnthropicRequest, RefusalsNameTheField) {
    EXPECT_EQ(refusal("{}"), "model: Field required");
    EXPECT_EQ(refusal(R"({"model":"tiny","max_tokens":1})"), "messages: Field required");
    EXPECT_EQ(refusal(R"({"model":"tiny","messages":[{"role":"user","content":"hi"}]})"), "max_tokens: Field required");
    EXPECT_EQ(refusal(bodyWith("\"messages\":[" + kHi + R"(],"max_tokens":0)")), "max_tokens must be an integer of at least 1, but is 0");
    EXPECT_EQ(refusal(withMessages(R"({"content":"x"})")), "messages.0.role: Field required");
    EXPECT_EQ(refusal(withMessages(R"({"role":"user"})")), "messages.0.content: Field required");
    EXPECT_EQ(refusal(withMessages(kHi + R"(,{"role":"tool","content":"x"})")), "messages.1.role must be user, assistant or system, but is \"tool\"");
    EXPECT_EQ(refusal(withMessages(R"({"role":"user","content":[{"type":"text"}]})")), "messages.0.content.0.text: Field required");
    EXPECT_EQ(refusal(withMessages(R"({"role":"user","content":["x"]})")), "messages.0.content.0 must be an object with a type, but is a string");
    EXPECT_EQ(refusal(withMessages(R"({"role":"user","content":[{"text":"x"}]})")), "messages.0.content.0.type: Field required");
    EXPECT_EQ(refusal(withMessages(R"({"role":"user","content":[{"type":"tool_result"}]})")), "messages.0.content.0.tool_use_id: Field required");
    EXPECT_EQ(refusal(withMessages(R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":[{"type":"text"}]}]})")),
              "messages.0.content.0.content.0.text: Field required");
    EXPECT_THAT(refusal(withMessages(R"({"role":"assistant","content":[{"type":"tool_use","id":"1","name":"f","input":"{}"}]})")),
                HasSubstr("messages.0.content.0.input must be an object"));
    EXPECT_EQ(refusal(bodyWith("\"messages\":[" + kHi + R"(],"tools":[{"name":"f"}])")), "tools.0.input_schema: Field required");
    EXPECT_EQ(refusal(bodyWith("\"messages\":[" + kHi + R"(],"tools":[{"input_schema":{}}])")), "tools.0.name: Field required");
    EXPECT_THAT(refusal(bodyWith("\"messages\":[" + kHi + R"(],"system":5)")), HasSubstr("system must be a string or an array of blocks"));
    EXPECT_EQ(refusal(bodyWith("\"messages\":[" + kHi + R"(],"stop_sequences":[1])")),
              "stop_sequences must be a string or an array of strings, but has 1");
    EXPECT_THAT(refusal(withMessages(kHi + R"(,{"role":"assistant","content":"Sure,"})")), HasSubstr("does not support assistant message prefill"));
}

TEST(AnthropicRequest, OnlyThePromptCounts) {
    EXPECT_TRUE(readAnthropicPrompt(parsed("{\"model\":\"tiny\",\"messages\":[" + kHi + R"(,{"role":"assistant","content":"Sure,"}]})")).ok());
    EXPECT_FALSE(readAnthropicPrompt(parsed("{\"messages\":[" + kHi + "]}")).ok());
}

}  // namespace
}  // namespace larder::api
