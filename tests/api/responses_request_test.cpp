// What requests of the Responses protocol are read into: the canonical conversation, tools, sampling, and what is refused.
#include "engine/api/responses_request.h"
#include "engine/api/chat_messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/api/responses_reasoning.h"
#include "tests/api/api_house.h"
#include "tests/api/codex_body.h"

namespace larder::api {
namespace {

using ::testing::HasSubstr;

ResponsesRequest readResponses(const std::string& body) {
    auto request = readResponsesRequest(parsed(body));
    EXPECT_TRUE(request.ok()) << body << ": " << (request.ok() ? "" : request.error().message);
    return request.ok() ? std::move(*request) : ResponsesRequest{};
}

std::string withInput(const std::string& items, const std::string& more = {}) {
    return "{\"input\":[" + items + "]" + more + "}";
}

std::string itemsRead(const std::string& items) {
    const ResponsesRequest request = readResponses(withInput(items));
    return request.chat.messages ? request.chat.messages->dump() : "none";
}

std::string refused(const std::string& body) {
    const auto request = readResponsesRequest(parsed(body));
    return request.ok() ? "accepted" : request.error().message;
}

const std::string kAsk = R"({"role":"user","content":"hi"})";

// Linear: copied for each, the answer that they all are would take minutes.
TEST(ResponsesRequest, ManyItemsBecomeOneAnswer) {
    constexpr std::size_t kMany = 20'000;
    const std::string text(1000, 'a');
    std::string items;
    for (std::size_t i = 0; i < kMany; ++i)
        items += std::string(i > 0 ? "," : "") + R"({"role":"assistant","content":")" + text +
                 R"("},{"type":"reasoning","content":[{"type":"reasoning_text","text":")" + text + "\"}]}";
    const ResponsesRequest request = readResponses(withInput(items));
    ASSERT_EQ(request.chat.messages->size(), 1u);
    for (const char* key : {"content", "reasoning_content"})
        EXPECT_EQ((*request.chat.messages)[0][key].get_ref<const std::string&>().size(), kMany * text.size());
}

TEST(ResponsesRequest, ARequestOfCodexBecomesTheCanonicalConversation) {
    const ResponsesRequest request = readResponses(kCodexBody);
    EXPECT_EQ(request.chat.messages->dump(1), parsed(R"([
        {"role":"system","content":"You are an agent that works in a terminal."},
        {"role":"system","content":"Skills: none.\nPermissions: all."},
        {"role":"user","content":"<environment_context>/tmp</environment_context>"},
        {"role":"user","content":"Translate the file."},
        {"role":"assistant","content":"I look.","reasoning_content":"I read it first.","tool_calls":[
          {"id":"call_1","type":"function","function":{"name":"exec_command","arguments":{"cmd":"cat a","n":1}}},
          {"id":"call_2","type":"function","function":{"name":"spawn_agent","arguments":{}}},
          {"id":"call_3","type":"function","function":{"name":"apply_patch","arguments":{"input":"*** Begin\n\"x\""}}}]},
        {"role":"tool","content":"one\ntwo\n","tool_call_id":"call_1","name":"exec_command"},
        {"role":"tool","content":"agent\n9","tool_call_id":"call_2","name":"spawn_agent"},
        {"role":"tool","content":"done","tool_call_id":"call_3","name":"apply_patch"},
        {"role":"user","content":"Go on."}])").dump(1));
    EXPECT_EQ(request.chat.model, "tiny");
    EXPECT_EQ(request.chat.toolChoice.use, ToolUse::Auto);
    EXPECT_EQ(request.chat.thinking, std::nullopt);
    EXPECT_EQ(request.chat.priority, Priority::Interactive);
    EXPECT_EQ(request.chat.unreadablePart, "");
    EXPECT_TRUE(request.chat.stream);
    EXPECT_FALSE(request.chat.aside);
    EXPECT_TRUE(request.summariseReasoning);
    EXPECT_TRUE(request.sealReasoning);
}

TEST(ResponsesRequest, ToolsOfAllKindsAreFunctions) {
    const ResponsesRequest request = readResponses(kCodexBody);
    EXPECT_EQ(request.chat.tools->dump(1), parsed(R"json([
        {"type":"function","function":{"name":"exec_command","description":"Runs.","parameters":{"type":"object","properties":{"cmd":{"type":"string"}},"required":["cmd"]},"strict":false}},
        {"type":"function","function":{"name":"spawn_agent","parameters":{"type":"object","properties":{}}}},
        {"type":"function","function":{"name":"multi_agent_v1__exec_command","parameters":{"type":"object","properties":{}}}},
        {"type":"function","function":{"name":"apply_patch","description":"Patches.\n\nThe input follows this grammar (lark):\nstart: \"x\"","parameters":
          {"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}}}])json").dump(1));
    EXPECT_EQ(request.tools.shownName("multi_agent_v1", "exec_command"), "multi_agent_v1__exec_command");
    EXPECT_EQ(request.tools.shownName("multi_agent_v1", "spawn_agent"), "spawn_agent");
    EXPECT_EQ(request.tools.shownName("", "exec_command"), "exec_command");
    const ResponsesTool& within = request.tools.known.at("multi_agent_v1__exec_command");
    EXPECT_EQ(within.name, "exec_command");
    EXPECT_EQ(within.space, "multi_agent_v1");
    EXPECT_TRUE(request.tools.known.at("apply_patch").custom);
}

TEST(ResponsesRequest, WhatSaysNothingToTheModelChangesNothing) {
    base::Json other = parsed(kCodexBody);
    for (const char* field : {"client_metadata", "prompt_cache_key", "include", "reasoning", "store", "stream"}) other.erase(field);
    other["metadata"] = {{"a", "b"}};
    other["user"] = "me";
    other["truncation"] = "auto";
    other["previous_response_id"] = nullptr;
    other["input"].insert(other["input"].begin() + 4, parsed(R"({"type":"web_search_call","id":"ws_1","status":"completed","action":{"type":"search"}})"));
    for (base::Json& item : other["input"]) item["id"] = "x", item["status"] = "y";
    EXPECT_EQ(readResponses(other.dump()).chat.messages->dump(), readResponses(kCodexBody).chat.messages->dump());
}

TEST(ResponsesRequest, InputAndInstructions) {
    EXPECT_EQ(readResponses(R"({"input":"hi","instructions":"Be brief."})").chat.messages->dump(),
              R"([{"role":"system","content":"Be brief."},{"role":"user","content":"hi"}])");
    EXPECT_EQ(itemsRead(kAsk + R"(,{"role":"developer","content":"later"})"), R"([{"role":"user","content":"hi"},{"role":"system","content":"later"}])");
    EXPECT_EQ(itemsRead(R"({"type":"message","role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_text","text":"b"}]})"),
              R"([{"role":"user","content":"a\nb"}])");
    EXPECT_EQ(itemsRead(kAsk + R"(,{"role":"assistant","content":[{"type":"output_text","text":"a"}]},{"role":"assistant","content":[{"type":"refusal","refusal":"b"}]})"),
              R"([{"role":"user","content":"hi"},{"role":"assistant","content":"ab"}])");
    EXPECT_EQ(itemsRead(R"({"role":"user","content":"x-anthropic-billing-header: a;\n\nhi"})"), R"([{"role":"user","content":"hi"}])");
}

TEST(ResponsesRequest, AnAnswerEndsWhereSomethingElseComes) {
    const std::string call = R"({"type":"function_call","call_id":"c1","name":"f","arguments":"[1"})";
    EXPECT_EQ(itemsRead(call + R"(,{"type":"function_call_output","call_id":"c1","output":""},{"role":"assistant","content":"done"})"),
              R"([{"role":"assistant","content":"","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"[1"}}]},)"
              R"({"role":"tool","content":"","tool_call_id":"c1","name":"f"},{"role":"assistant","content":"done"}])");
}

TEST(ResponsesRequest, ReasoningFromWhereverItIs) {
    const auto reasoning = [](const std::string& fields) {
        return itemsRead(kAsk + R"(,{"type":"reasoning","id":"rs_1",)" + fields + R"(},{"role":"assistant","content":"a"})");
    };
    const auto with = [](const std::string& text) {
        return R"([{"role":"user","content":"hi"},{"role":"assistant","content":"","reasoning_content":")" + text + R"("}])";
    };
    const auto expected = [&](const std::string& text) {
        base::Json messages = parsed(with(text));
        messages[1]["content"] = "a";
        return messages.dump();
    };
    const std::string sealed = "\"encrypted_content\":\"" + sealedReasoning("hm \xE2\x82\xAC") + "\"";
    EXPECT_EQ(reasoning(R"("summary":[],"content":[{"type":"reasoning_text","text":"one"},{"type":"reasoning_text","text":" two"}],)" + sealed), expected("one two"));
    EXPECT_EQ(reasoning(R"("summary":[{"type":"summary_text","text":"s"}],)" + sealed), expected("hm \xE2\x82\xAC"));
    EXPECT_EQ(reasoning(R"("summary":[{"type":"summary_text","text":"s"},{"type":"summary_text","text":"t"}])"), expected("s\\n\\nt"));
    const std::string none = R"([{"role":"user","content":"hi"},{"role":"assistant","content":"a"}])";
    EXPECT_EQ(reasoning(R"("summary":[{"type":"summary_text","text":"s"}],"encrypted_content":"gAAAAABo")"), none) << "another server's";
    EXPECT_EQ(reasoning(R"("summary":[],"encrypted_content":"larder1.###")"), none);
    EXPECT_EQ(reasoning(R"("summary":[],"content":null)"), none);
}

TEST(ResponsesRequest, PartsThatNoTextModelReads) {
    EXPECT_EQ(readResponses(withInput(R"({"role":"user","content":[{"type":"input_text","text":"see"},{"type":"input_image","image_url":"data:"}]})")).chat.unreadablePart,
              "input[0].content[1] is of type \"input_image\"");
    // It would stay in every later request: the model is told instead.
    const auto result = readResponses(
        withInput(kAsk + R"(,{"type":"function_call_output","call_id":"c","output":[{"type":"input_image","image_url":"data:"}]})"));
    EXPECT_EQ(result.chat.unreadablePart, "");
    EXPECT_EQ(result.chat.messages->back()["content"], std::string(kUnreadableResult));
}

TEST(ResponsesRequest, Settings) {
    const ChatRequest chat =
        readResponses(withInput(kAsk, R"(,"model":"m","temperature":0.5,"top_p":0.25,"max_output_tokens":7,"seed":3,"parallel_tool_calls":false)")).chat;
    EXPECT_EQ(chat.model, "m");
    EXPECT_EQ(chat.sampling.temperature, 0.5f);
    EXPECT_EQ(chat.sampling.topP, 0.25f);
    EXPECT_EQ(chat.sampling.seed, 3u);
    EXPECT_EQ(chat.maxTokens, 7u);
    EXPECT_FALSE(chat.toolChoice.parallel);
    EXPECT_FALSE(chat.stream);
    for (const char* effort : {"none", "minimal"})
        EXPECT_EQ(readResponses(withInput(kAsk, std::string(R"(,"reasoning":{"effort":")") + effort + "\"}")).chat.thinking, false);
    EXPECT_EQ(readResponses(withInput(kAsk, R"(,"reasoning":{"effort":"high"})")).chat.thinking, std::nullopt);
    const ChatRequest aside = readResponses(withInput(kAsk, R"(,"tools":[])")).chat;
    EXPECT_TRUE(aside.aside);
    EXPECT_EQ(aside.priority, Priority::Background);
    EXPECT_FALSE(readResponses(withInput(kAsk, R"(,"tools":[{"type":"web_search"}])")).chat.tools);
}

TEST(ResponsesRequest, AnswersByASchema) {
    const auto format = [](const std::string& text) { return readResponses(withInput(kAsk, ",\"text\":{\"format\":" + text + "}")).chat; };
    const ChatRequest strict = format(R"({"type":"json_schema","name":"t","schema":{"type":"object"},"strict":true})");
    EXPECT_EQ(strict.answerSchema->dump(), R"({"type":"object"})");
    EXPECT_TRUE(strict.answerSchemaStrict);
    EXPECT_EQ(format(R"({"type":"json_object"})").answerSchema->dump(), "true");
    EXPECT_FALSE(format(R"({"type":"text"})").answerSchema);
    EXPECT_FALSE(readResponses(withInput(kAsk, R"(,"text":{"verbosity":"low"})")).chat.answerSchema);
}

TEST(ResponsesRequest, ForcedCalls) {
    const auto choice = [](const std::string& asked) {
        base::Json body = parsed(kCodexBody);
        body["tool_choice"] = parsed(asked);
        return body.dump();
    };
    EXPECT_EQ(readResponses(choice("\"required\"")).chat.toolChoice.use, ToolUse::Required);
    EXPECT_EQ(readResponses(choice("\"none\"")).chat.toolChoice.use, ToolUse::None);
    EXPECT_EQ(readResponses(choice(R"({"type":"function","name":"spawn_agent"})")).chat.toolChoice.name, "spawn_agent");
    EXPECT_EQ(readResponses(choice(R"({"type":"function","namespace":"multi_agent_v1","name":"exec_command"})")).chat.toolChoice.name,
              "multi_agent_v1__exec_command");
    EXPECT_EQ(readResponses(choice(R"({"type":"custom","name":"apply_patch"})")).chat.toolChoice.use, ToolUse::Named);
    EXPECT_EQ(refused(choice(R"({"type":"function","name":"other"})")), "tool_choice.name must be that of one of the tools, but is \"other\"");
    EXPECT_EQ(refused(choice(R"({"type":"web_search"})")), "tool_choice.type must be \"function\" or \"custom\"");
    EXPECT_THAT(refused(choice("\"any\"")), HasSubstr("tool_choice must be"));
    EXPECT_THAT(refused(withInput(kAsk, R"(,"tool_choice":"required")")), HasSubstr("there are no tools"));
}

TEST(ResponsesRequest, WhatIsRefusedIsNamed) {
    EXPECT_EQ(refused("{}"), "input is missing");
    EXPECT_EQ(refused(R"({"input":7})"), "input must be a string or an array of items, but is 7");
    EXPECT_EQ(refused(R"({"input":[]})"), "input must have at least one message");
    EXPECT_EQ(refused(R"({"input":["x"]})"), "input[0] must be an object, but is a string");
    EXPECT_EQ(refused(withInput(R"({"role":"nobody","content":"x"})")), "input[0].role must be user, assistant, system or developer, but is \"nobody\"");
    EXPECT_EQ(refused(withInput(R"({"role":"user"})")), "input[0].content is missing");
    EXPECT_EQ(refused(withInput(R"({"role":"user","content":[7]})")), "input[0].content[0].type is missing");
    EXPECT_EQ(refused(withInput(R"({"role":"user","content":[{"type":"input_text"}]})")), "input[0].content[0].text is missing");
    EXPECT_EQ(refused(withInput(R"({"type":"function_call","name":"f"})")), "input[0].call_id is missing");
    EXPECT_EQ(refused(withInput(R"({"type":"function_call_output","call_id":"c"})")), "input[0].output is missing");
    EXPECT_EQ(refused(withInput(R"({"type":"compaction","encrypted_content":"x"})")), "input[0].type is \"compaction\", which is not supported");
    EXPECT_THAT(refused(withInput(R"({"type":"item_reference","id":"msg_1"})")), HasSubstr("responses are not stored here"));
    EXPECT_THAT(refused(withInput(kAsk, R"(,"previous_response_id":"resp_1")")), HasSubstr("previous_response_id is not supported: responses are not stored"));
    EXPECT_THAT(refused(withInput(kAsk, R"(,"background":true)")), HasSubstr("background is not supported"));
    EXPECT_THAT(refused(withInput(kAsk, R"(,"include":["message.output_text.logprobs"])")), HasSubstr("include asks for log probabilities"));
    EXPECT_EQ(refused(withInput(kAsk, R"(,"tools":[{"type":"function"}])")), "tools[0].name is missing");
    EXPECT_EQ(refused(withInput(kAsk, R"(,"tools":[{"type":"namespace","name":"n","tools":[7]}])")), "tools[0].tools[0] must be an object, but is 7");
    EXPECT_THAT(refused(withInput(kAsk, R"(,"tools":[{"type":"function","name":"f"},{"type":"custom","name":"f"}])")), HasSubstr("is that of another tool too"));
    EXPECT_EQ(refused(withInput(kAsk, R"(,"text":{"format":{"type":"json_schema"}})")), "text.format.schema is missing");
    EXPECT_EQ(refused(withInput(kAsk, R"(,"max_output_tokens":0)")), "max_output_tokens must be an integer of at least 1, but is 0");
}

}  // namespace
}  // namespace larder::api
