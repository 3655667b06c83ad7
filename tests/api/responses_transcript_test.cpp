// What goes over the wire in the Responses protocol: the order of its events, and the same items streamed and collected.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "engine/api/openai_responses.h"
#include "engine/api/responses_reasoning.h"
#include "tests/api/api_house.h"
#include "tests/api/codex_body.h"
#include "tests/api/told_answer.h"

namespace larder::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kPlainResponses = R"({"model":"tiny","input":"x"})";

OutputFinished responsesFinished(FinishReason reason = FinishReason::Stop, std::size_t calls = 0) {
    return finishedAnswer(reason, calls, 9);
}

ReplyContext responsesContext() {
    ReplyContext context;
    context.id = "resp_1";
    context.model = "tiny";
    context.createdSeconds = 1790000000;
    return context;
}

// The documents of a stream's frames, in which type and number agree with the frame.
std::vector<base::Json> eventsOf(const std::string& stream) {
    std::vector<base::Json> events;
    for (std::size_t at = 0; at < stream.size();) {
        const std::size_t end = stream.find("\n\n", at);
        const std::size_t data = stream.find("data: ", at);
        events.push_back(parsed(stream.substr(data + 6, end - data - 6)));
        EXPECT_EQ(stream.substr(at, data - at), "event: " + events.back()["type"].get<std::string>() + "\n");
        EXPECT_EQ(events.back()["sequence_number"], events.size() - 1);
        at = end + 2;
    }
    return events;
}

struct ResponsesTold {
    std::vector<base::Json> events;
    base::Json collected;
};

ResponsesTold toldAs(const std::vector<OutputEvent>& events, const char* body = kPlainResponses) {
    ResponsesTold result;
    OpenAiResponses streaming;
    EXPECT_TRUE(streaming.readChat(parsed(body)).ok());
    std::string stream = streaming.beginStream(responsesContext());
    for (const OutputEvent& event : events) stream += streaming.streamEvent(event);
    result.events = eventsOf(stream + streaming.endStream());
    OpenAiResponses collecting;
    EXPECT_TRUE(collecting.readChat(parsed(body)).ok());
    result.collected = parsed(collecting.collect(responsesContext(), events));
    return result;
}

std::vector<std::string> typesOf(const std::vector<base::Json>& events) {
    std::vector<std::string> types;
    for (const base::Json& event : events) types.push_back(event["type"].get<std::string>());
    return types;
}

// Ids of items are random.
base::Json withoutIds(base::Json items) {
    for (base::Json& item : items) item.erase("id");
    return items;
}

TEST(ResponsesTranscript, Text) {
    const auto both = toldAs({OutputText{"Hi", {}}, OutputText{}, OutputText{" \"\xE2\x82\xAC\"\n", {}}, responsesFinished()});
    EXPECT_THAT(typesOf(both.events),
                ElementsAre("response.created", "response.in_progress", "response.output_item.added", "response.content_part.added",
                            "response.output_text.delta", "response.output_text.delta", "response.output_text.done", "response.content_part.done",
                            "response.output_item.done", "response.completed"));
    const std::string id = both.events[2]["item"]["id"].get<std::string>();
    EXPECT_TRUE(id.starts_with("msg_")) << id;
    EXPECT_EQ(both.events[0]["response"]["status"], "in_progress");
    EXPECT_EQ(both.events[2].dump(), R"({"type":"response.output_item.added","output_index":0,"item":{"id":")" + id +
                                         R"(","type":"message","status":"in_progress","role":"assistant","content":[]},"sequence_number":2})");
    EXPECT_EQ(both.events[3].dump(), R"({"type":"response.content_part.added","item_id":")" + id +
                                         R"(","output_index":0,"content_index":0,"part":{"type":"output_text","text":"","annotations":[],"logprobs":[]},"sequence_number":3})");
    EXPECT_EQ(both.events[4].dump(), R"({"type":"response.output_text.delta","item_id":")" + id +
                                         R"(","output_index":0,"content_index":0,"delta":"Hi","logprobs":[],"sequence_number":4})");
    EXPECT_EQ(both.events[6]["text"], "Hi \"\xE2\x82\xAC\"\n");
    EXPECT_EQ(both.events[8]["item"]["status"], "completed");
    EXPECT_EQ(withoutIds(both.collected["output"]).dump(),
              "[{\"type\":\"message\",\"status\":\"completed\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"Hi "
              "\\\"\xE2\x82\xAC\\\"\\n\",\"annotations\":[],\"logprobs\":[]}]}]");
}

TEST(ResponsesTranscript, TheResponseObjectHasEveryField) {
    base::Json response = toldAs({OutputText{"Hi", {}}, responsesFinished()}).collected;
    response.erase("timings");
    response.erase("output");
    EXPECT_EQ(response.dump(1), parsed(R"({"id":"resp_1","object":"response","created_at":1790000000,"status":"completed","background":false,"error":null,
        "incomplete_details":null,"model":"tiny","instructions":null,"max_output_tokens":null,"max_tool_calls":null,"metadata":{},
        "parallel_tool_calls":true,"previous_response_id":null,"prompt_cache_key":null,"reasoning":{"effort":null,"summary":null},
        "safety_identifier":null,"service_tier":"default","store":false,"temperature":1.0,"text":{"format":{"type":"text"}},"tool_choice":"auto",
        "tools":[],"top_logprobs":0,"top_p":1.0,"truncation":"disabled","user":null,
        "usage":{"input_tokens":50,"input_tokens_details":{"cached_tokens":20},"output_tokens":9,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":59}})").dump(1));
    const base::Json echoed = toldAs({responsesFinished()}, kCodexBody).collected;
    EXPECT_EQ(echoed["tools"], parsed(kCodexBody)["tools"]) << "as the client knows them";
    EXPECT_EQ(echoed["reasoning"].dump(), R"({"effort":null,"summary":"auto"})");
    EXPECT_EQ(echoed["prompt_cache_key"], "01a2");
}

const std::vector<OutputEvent> kThinkTalkAndCall{
    OutputReasoning{"\n"}, OutputReasoning{"First"}, OutputReasoning{" this."}, OutputText{"\n\n", {}}, OutputText{"Look.\n", {}},
    OutputCallStart{0, "call_1", "exec_command"}, OutputCallArguments{0, "{\"cmd\":"}, OutputCallArguments{0, "\"a\"}"}, OutputCallEnd{0, true, "raw"},
    OutputText{"\n", {}}, OutputCallStart{1, "call_2", "spawn_agent"}, OutputCallArguments{1, "{}"}, OutputCallEnd{1, true, "raw"},
    OutputCallStart{2, "call_3", "apply_patch"}, OutputCallArguments{2, "{\"input\":\"*** "}, OutputCallArguments{2, "\\\"x\\\"\\n\"}"}, OutputCallEnd{2, true, "raw"},
    responsesFinished(FinishReason::Stop, 3)};

TEST(ResponsesTranscript, CallsComeBackAsTheClientKnowsThem) {
    const auto both = toldAs(kThinkTalkAndCall, kCodexBody);
    EXPECT_THAT(typesOf(both.events),
                ElementsAre("response.created", "response.in_progress", "response.output_item.added", "response.reasoning_summary_part.added",
                            "response.reasoning_summary_text.delta", "response.reasoning_summary_text.delta", "response.reasoning_summary_text.done",
                            "response.reasoning_summary_part.done", "response.output_item.done", "response.output_item.added",
                            "response.content_part.added", "response.output_text.delta", "response.output_text.done", "response.content_part.done",
                            "response.output_item.done", "response.output_item.added", "response.function_call_arguments.delta",
                            "response.function_call_arguments.delta", "response.function_call_arguments.done", "response.output_item.done",
                            "response.output_item.added", "response.function_call_arguments.delta", "response.function_call_arguments.done",
                            "response.output_item.done", "response.output_item.added", "response.custom_tool_call_input.delta",
                            "response.custom_tool_call_input.done", "response.output_item.done", "response.completed"));
    EXPECT_EQ(withoutIds(both.collected["output"]).dump(1), parsed(R"([
        {"type":"reasoning","status":"completed","summary":[{"type":"summary_text","text":"\nFirst this."}],"encrypted_content":")" +
        sealedReasoning("\nFirst this.") + R"("},
        {"type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"\n\nLook.\n","annotations":[],"logprobs":[]}]},
        {"type":"function_call","status":"completed","call_id":"call_1","name":"exec_command","arguments":"{\"cmd\":\"a\"}"},
        {"type":"function_call","status":"completed","call_id":"call_2","namespace":"multi_agent_v1","name":"spawn_agent","arguments":"{}"},
        {"type":"custom_tool_call","status":"completed","call_id":"call_3","name":"apply_patch","input":"*** \"x\"\n"}])").dump(1));
    EXPECT_TRUE(both.collected["output"][2]["id"].get<std::string>().starts_with("fc_"));
    EXPECT_TRUE(both.collected["output"][4]["id"].get<std::string>().starts_with("ctc_"));
}

TEST(ResponsesTranscript, ReasoningIsContentWhereNoSummaryIsAskedFor) {
    const auto both = toldAs({OutputReasoning{"Hm."}, OutputText{"a", {}}, responsesFinished()});
    const auto types = typesOf(both.events);
    EXPECT_THAT(std::vector<std::string>(types.begin() + 2, types.begin() + 8),
                ElementsAre("response.output_item.added", "response.content_part.added", "response.reasoning_text.delta", "response.reasoning_text.done",
                            "response.content_part.done", "response.output_item.done"));
    EXPECT_EQ(withoutIds(both.collected["output"])[0].dump(),
              R"({"type":"reasoning","status":"completed","summary":[],"content":[{"type":"reasoning_text","text":"Hm."}]})");
}

TEST(ResponsesTranscript, AnEmptyAnswerHasOneEmptyMessage) {
    const auto both = toldAs({OutputText{" \n", {}}, responsesFinished()});
    EXPECT_EQ(both.collected["output"].size(), 1u);
    EXPECT_EQ(both.collected["output"][0]["content"][0]["text"], "");
}

TEST(ResponsesTranscript, WhatIsCutOffIsIncomplete) {
    const auto both = toldAs({OutputText{"a", {}}, responsesFinished(FinishReason::Length)});
    EXPECT_EQ(both.events.back()["type"], "response.incomplete");
    EXPECT_EQ(both.collected["status"], "incomplete");
    EXPECT_EQ(both.collected["incomplete_details"].dump(), R"({"reason":"max_output_tokens"})");
    EXPECT_EQ(both.collected["output"][0]["status"], "incomplete");
    for (const char* name : {"exec_command", "apply_patch"}) {
        const base::Json call = toldAs({OutputCallStart{0, "call_1", name}, OutputCallArguments{0, "{\"in"}, OutputCallEnd{0, false, "raw"}, responsesFinished()},
                                       kCodexBody).collected["output"][0];
        EXPECT_EQ(call["status"], "incomplete");
        EXPECT_EQ(call[call.contains("input") ? "input" : "arguments"], "{\"in");
    }
}

TEST(ResponsesTranscript, ErrorsAndKeepAlives) {
    OpenAiResponses protocol;
    EXPECT_THAT(protocol.errorBody({ErrorCode::ContextExceeded, "Prompt too long: ..."}), HasSubstr(R"("code":"context_length_exceeded")"));
    ASSERT_TRUE(protocol.readChat(parsed(kPlainResponses)).ok());
    std::string stream = protocol.beginStream(responsesContext());
    stream += protocol.streamEvent(OutputText{"a", {}});
    stream += protocol.keepAlive();
    stream += protocol.streamError({ErrorCode::Unavailable, "gone"});
    stream += protocol.endStream();
    const auto events = eventsOf(stream);
    EXPECT_EQ(events[events.size() - 2]["type"], "response.in_progress");
    EXPECT_EQ(events.back()["type"], "response.failed");
    EXPECT_EQ(events.back()["response"]["status"], "failed");
    EXPECT_EQ(events.back()["response"]["error"].dump(), R"({"code":"server_error","message":"gone"})");
}

// A client that puts a stream together from its deltas.
base::Json putItemsTogether(const std::vector<base::Json>& events) {
    base::Json items = base::Json::array();
    for (const base::Json& event : events) {
        const auto& type = event["type"].get_ref<const std::string&>();
        if (type == "response.output_item.added") {
            EXPECT_EQ(event["output_index"], items.size()) << "one after the other";
            items.push_back(event["item"]);
            continue;
        }
        if (!event.contains("output_index")) continue;
        EXPECT_EQ(event["output_index"], items.size() - 1);
        base::Json& item = items.back();
        EXPECT_EQ(event.contains("item") ? event["item"]["id"] : event["item_id"], item["id"]);
        if (type == "response.content_part.added") item["content"].push_back(event["part"]);
        if (type == "response.reasoning_summary_part.added") item["summary"].push_back(event["part"]);
        const auto append = [&event](base::Json& target) { target = target.get<std::string>() + event["delta"].get<std::string>(); };
        if (type == "response.output_text.delta" || type == "response.reasoning_text.delta") append(item["content"][0]["text"]);
        if (type == "response.reasoning_summary_text.delta") append(item["summary"][0]["text"]);
        if (type == "response.function_call_arguments.delta") append(item["arguments"]);
        if (type == "response.custom_tool_call_input.delta") append(item["input"]);
        if (type == "response.output_item.done") {
            item["status"] = "completed";
            if (event["item"].contains("encrypted_content")) item["encrypted_content"] = event["item"]["encrypted_content"];
            EXPECT_EQ(item.dump(), event["item"].dump()) << "the deltas are the item";
        }
    }
    return items;
}

TEST(ResponsesTranscript, StreamsPutTogetherAreWhatIsCollected) {
    std::mt19937 random(11);
    std::set<std::string> ids;
    std::size_t items = 0;
    for (int round = 0; round < 500; ++round) {
        std::size_t calls = 0;
        std::vector<OutputEvent> events = randomAnswer(random, "call_", {"exec_command", "spawn_agent", "apply_patch", "unknown"},
                                                       {"{\"input\":", "", "\"x", "\"}"}, calls);
        events.push_back(responsesFinished(FinishReason::Stop, calls));
        const auto both = toldAs(events, round % 2 == 0 ? kCodexBody : kPlainResponses);
        const base::Json together = putItemsTogether(both.events);
        EXPECT_EQ(together.dump(), both.events.back()["response"]["output"].dump());
        EXPECT_EQ(withoutIds(together).dump(), withoutIds(both.collected["output"]).dump());
        for (const base::Json& item : together) ids.insert(item["id"].get<std::string>()), ++items;
    }
    EXPECT_EQ(ids.size(), items) << "ids are unique";
}

// What a client sends back of an answer is read as that answer.
TEST(ResponsesTranscript, AnAnswerSentBackIsTheAnswer) {
    for (const char* field : {"encrypted_content", "content", "summary"}) {
        base::Json body = parsed(kCodexBody);
        if (std::string(field) == "content") body.erase("reasoning");
        const base::Json output = toldAs(kThinkTalkAndCall, body.dump().c_str()).collected["output"];
        base::Json next = parsed(kCodexBody);
        next["input"] = output;
        if (std::string(field) == "encrypted_content") next["input"][0]["summary"] = base::Json::array();
        if (std::string(field) == "summary") next["input"][0].erase("encrypted_content");
        OpenAiResponses protocol;
        const auto chat = protocol.readChat(next);
        ASSERT_TRUE(chat.ok()) << chat.error().message;
        EXPECT_EQ(chat->messages->dump(1), parsed(R"([{"role":"assistant","content":"\n\nLook.\n","reasoning_content":"\nFirst this.","tool_calls":[
            {"id":"call_1","type":"function","function":{"name":"exec_command","arguments":{"cmd":"a"}}},
            {"id":"call_2","type":"function","function":{"name":"spawn_agent","arguments":{}}},
            {"id":"call_3","type":"function","function":{"name":"apply_patch","arguments":{"input":"*** \"x\"\n"}}}]}])").dump(1)) << field;
    }
}

}  // namespace
}  // namespace larder::api
