// What goes over the wire in the Anthropic protocol, byte for byte: the same events streamed and collected.
#include <gtest/gtest.h>

#include <random>

#include "engine/api/anthropic_messages.h"
#include "tests/api/api_house.h"
#include "tests/api/told_answer.h"

namespace larder::api {
namespace {

constexpr const char* kPlainBody = R"({"model":"tiny","max_tokens":9,"messages":[{"role":"user","content":"x"}]})";
constexpr const char* kCachedBody =
    R"({"model":"tiny","max_tokens":9,"messages":[{"role":"user","content":[{"type":"text","text":"x","cache_control":{"type":"ephemeral"}}]}]})";

OutputFinished anthropicFinished(FinishReason reason = FinishReason::Stop, std::size_t calls = 0) {
    return finishedAnswer(reason, calls, 3);
}

ReplyContext anthropicContext() {
    ReplyContext context;
    context.id = "msg_1";
    context.model = "tiny";
    context.promptTokens = 50;
    context.cachedTokens = 20;
    return context;
}

struct AnthropicTold {
    std::string stream;
    base::Json collected;
};

AnthropicTold told(const std::vector<OutputEvent>& events, const char* body = kPlainBody) {
    AnthropicTold result;
    AnthropicMessages streaming("req_1");
    EXPECT_TRUE(streaming.readChat(parsed(body)).ok());
    result.stream = streaming.beginStream(anthropicContext());
    for (const OutputEvent& event : events) result.stream += streaming.streamEvent(event);
    result.stream += streaming.endStream();
    AnthropicMessages collecting("req_1");
    EXPECT_TRUE(collecting.readChat(parsed(body)).ok());
    result.collected = parsed(collecting.collect(anthropicContext(), events));
    return result;
}

std::string frame(const std::string& type, const std::string& rest = {}) {
    return "event: " + type + "\ndata: {\"type\":\"" + type + "\"" + (rest.empty() ? "" : "," + rest) + "}\n\n";
}
std::string usageText(int input, int created, int read, int output) {
    return "\"usage\":{\"input_tokens\":" + std::to_string(input) + ",\"cache_creation_input_tokens\":" + std::to_string(created) +
           ",\"cache_read_input_tokens\":" + std::to_string(read) + ",\"output_tokens\":" + std::to_string(output) + "}";
}
std::string begun(int input = 30, int created = 0) {
    return frame("message_start",
                 R"("message":{"id":"msg_1","type":"message","role":"assistant","model":"tiny","content":[],"stop_reason":null,"stop_sequence":null,)" +
                     usageText(input, created, 20, 0) + "}") +
           frame("ping");
}
std::string blockStart(int index, const std::string& block) {
    return frame("content_block_start", "\"index\":" + std::to_string(index) + ",\"content_block\":" + block);
}
std::string blockDelta(int index, const std::string& delta) {
    return frame("content_block_delta", "\"index\":" + std::to_string(index) + ",\"delta\":" + delta);
}
std::string blockStop(int index) {
    return frame("content_block_stop", "\"index\":" + std::to_string(index));
}
std::string ended(const std::string& reason, const std::string& sequence = "null", int input = 30, int created = 0) {
    return frame("message_delta", "\"delta\":{\"stop_reason\":\"" + reason + "\",\"stop_sequence\":" + sequence + "}," +
                                      usageText(input, created, 20, 3)) +
           frame("message_stop");
}

TEST(AnthropicTranscript, Text) {
    const auto both = told({OutputText{"Hi", {}}, OutputText{}, OutputText{" \"\xE2\x82\xAC\"\n", {}}, anthropicFinished()});
    EXPECT_EQ(both.stream, begun() + blockStart(0, R"({"type":"text","text":""})") + blockDelta(0, R"({"type":"text_delta","text":"Hi"})") +
                               blockDelta(0, "{\"type\":\"text_delta\",\"text\":\" \\\"\xE2\x82\xAC\\\"\\n\"}") + blockStop(0) + ended("end_turn"));
    EXPECT_EQ(both.collected.dump(),
              "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"tiny\",\"content\":[{\"type\":\"text\",\"text\":\"Hi "
              "\\\"\xE2\x82\xAC\\\"\\n\"}],\"stop_reason\":\"end_turn\",\"stop_sequence\":null," +
                  usageText(30, 0, 20, 3) + "}");
}

TEST(AnthropicTranscript, ThinkingTextAndCalls) {
    const auto both = told({OutputReasoning{"\n"}, OutputReasoning{"First"}, OutputReasoning{" this."}, OutputText{"\n\n", {}},
                            OutputText{"Look.\n", {}}, OutputCallStart{0, "toolu_1", "Read"}, OutputCallArguments{0, "{\"path\":"},
                            OutputCallArguments{0, "\"a\"}"}, OutputCallEnd{0, true, "raw"}, OutputText{"\n", {}},
                            OutputCallStart{1, "toolu_2", "List"}, OutputCallArguments{1, "{}"}, OutputCallEnd{1, true, "raw"},
                            anthropicFinished(FinishReason::Stop, 2)});
    const std::string signature = both.collected["content"][0]["signature"].get<std::string>();
    EXPECT_EQ(signature.size(), 16u);
    EXPECT_EQ(both.stream,
              begun() + blockStart(0, R"({"type":"thinking","thinking":"","signature":""})") +
                  blockDelta(0, R"({"type":"thinking_delta","thinking":"\nFirst"})") +
                  blockDelta(0, R"({"type":"thinking_delta","thinking":" this."})") +
                  blockDelta(0, R"({"type":"signature_delta","signature":")" + signature + "\"}") + blockStop(0) +
                  blockStart(1, R"({"type":"text","text":""})") + blockDelta(1, R"({"type":"text_delta","text":"\n\nLook.\n"})") + blockStop(1) +
                  blockStart(2, R"({"type":"tool_use","id":"toolu_1","name":"Read","input":{}})") +
                  blockDelta(2, R"({"type":"input_json_delta","partial_json":"{\"path\":"})") +
                  blockDelta(2, R"({"type":"input_json_delta","partial_json":"\"a\"}"})") + blockStop(2) +
                  blockStart(3, R"({"type":"tool_use","id":"toolu_2","name":"List","input":{}})") +
                  blockDelta(3, R"({"type":"input_json_delta","partial_json":"{}"})") + blockStop(3) + ended("tool_use"));
    EXPECT_EQ(both.collected["content"].dump(),
              R"([{"type":"thinking","thinking":"\nFirst this.","signature":")" + signature +
                  R"("},{"type":"text","text":"\n\nLook.\n"},{"type":"tool_use","id":"toolu_1","name":"Read","input":{"path":"a"}},)"
                  R"({"type":"tool_use","id":"toolu_2","name":"List","input":{}}])");
    EXPECT_EQ(both.collected["stop_reason"], "tool_use");
}

TEST(AnthropicTranscript, AnEmptyAnswerHasOneEmptyTextBlock) {
    const std::string expected = begun() + blockStart(0, R"({"type":"text","text":""})") + blockStop(0) + ended("end_turn");
    for (const auto& events : {std::vector<OutputEvent>{anthropicFinished()},
                               std::vector<OutputEvent>{OutputText{}, OutputText{" \n", {}}, OutputReasoning{"\n"}, anthropicFinished()}}) {
        const auto both = told(events);
        EXPECT_EQ(both.stream, expected);
        EXPECT_EQ(both.collected["content"].dump(), R"([{"type":"text","text":""}])");
    }
}

TEST(AnthropicTranscript, ReasonsToStop) {
    OutputFinished stopped = anthropicFinished();
    stopped.stopString = "END";
    auto both = told({OutputText{"a", {}}, stopped});
    EXPECT_TRUE(both.stream.ends_with(ended("stop_sequence", "\"END\""))) << both.stream;
    EXPECT_EQ(both.collected["stop_sequence"], "END");
    OutputFinished full = anthropicFinished(FinishReason::Length, 1);
    full.windowFull = true;
    both = told({OutputText{"a", {}}, full});
    EXPECT_TRUE(both.stream.ends_with(ended("max_tokens"))) << both.stream;
    EXPECT_EQ(both.collected["stop_reason"], "max_tokens");
}

TEST(AnthropicTranscript, ACallThatBrokeOffArrivesAsText) {
    const auto both = told({OutputText{"Now ", {}}, OutputCallStart{0, "toolu_1", "Read"}, OutputCallArguments{0, "{\"pa"},
                            OutputCallEnd{0, false, "<tool_call>{\"na"}, anthropicFinished(FinishReason::Length)});
    EXPECT_EQ(both.collected["content"].dump(), R"([{"type":"text","text":"Now "},{"type":"text","text":"<tool_call>{\"na"}])");
    // A stream has shown its beginning already; the reason to stop tells that it is not whole.
    EXPECT_TRUE(both.stream.ends_with(blockStop(1) + ended("max_tokens"))) << both.stream;
}

TEST(AnthropicTranscript, EachTokenOfThePromptIsCountedOnce) {
    // With a mark to cache up to, what is computed goes into the cache, but for the last token.
    const auto both = told({OutputText{"a", {}}, anthropicFinished()}, kCachedBody);
    EXPECT_TRUE(both.stream.starts_with(begun(1, 29))) << both.stream;
    EXPECT_TRUE(both.stream.ends_with(ended("end_turn", "null", 1, 29))) << both.stream;
    for (const char* body : {kPlainBody, kCachedBody})
        for (const std::size_t cached : {0u, 1u, 49u, 50u, 60u}) {
            OutputFinished finished = anthropicFinished();
            finished.cachedTokens = cached;
            const base::Json usage = told({finished}, body).collected["usage"];
            EXPECT_EQ(usage["input_tokens"].get<int>() + usage["cache_creation_input_tokens"].get<int>() +
                          usage["cache_read_input_tokens"].get<int>(),
                      50);
            EXPECT_GE(usage["input_tokens"].get<int>(), 0);
        }
}

TEST(AnthropicTranscript, ErrorsAndKeepAlives) {
    AnthropicMessages protocol("req_1");
    EXPECT_EQ(protocol.errorBody({ErrorCode::ContextExceeded, "Prompt too long: ...", 210000, 200000}),
              R"({"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"},"request_id":"req_1"})");
    EXPECT_EQ(protocol.errorBody({ErrorCode::NotFound, "No \"model\"."}),
              R"({"type":"error","error":{"type":"not_found_error","message":"No \"model\"."},"request_id":"req_1"})");
    EXPECT_EQ(parsed(protocol.errorBody({ErrorCode::Overloaded, "full"}))["error"]["type"], "overloaded_error");
    EXPECT_EQ(parsed(protocol.errorBody({ErrorCode::Internal, "bug"}))["error"]["type"], "api_error");
    EXPECT_EQ(protocol.keepAlive(), frame("ping"));
    protocol.beginStream(anthropicContext());
    EXPECT_EQ(protocol.streamError({ErrorCode::Unavailable, "gone"}),
              frame("error", R"("error":{"type":"overloaded_error","message":"gone"},"request_id":"req_1")"));
    EXPECT_EQ(protocol.endStream(), "") << "nothing comes after an error";
    EXPECT_EQ(protocol.replyIdPrefix(), "msg_");
    EXPECT_EQ(protocol.callIdPrefix(), "toolu_");
}

// A client that puts a stream together, as the SDKs do.
base::Json putTogether(const std::string& stream) {
    base::Json content = base::Json::array();
    std::string json;
    int open = -1;
    for (std::size_t at = 0; at < stream.size();) {
        const std::size_t end = stream.find("\n\n", at);
        const std::size_t data = stream.find("data: ", at);
        const base::Json event = parsed(stream.substr(data + 6, end - data - 6));
        EXPECT_EQ(stream.substr(at, data - at), "event: " + event["type"].get<std::string>() + "\n");
        at = end + 2;
        const auto& type = event["type"].get_ref<const std::string&>();
        if (type == "content_block_start") {
            EXPECT_EQ(open, -1) << "one block at a time";
            open = event["index"].get<int>();
            EXPECT_EQ(open, static_cast<int>(content.size())) << "in order";
            content.push_back(event["content_block"]);
            json.clear();
        } else if (type == "content_block_delta") {
            EXPECT_EQ(open, event["index"].get<int>());
            const base::Json& delta = event["delta"];
            for (const char* key : {"text", "thinking", "signature"})
                if (delta.contains(key)) content.back()[key] = content.back()[key].get<std::string>() + delta[key].get<std::string>();
            if (delta.contains("partial_json")) json += delta["partial_json"].get<std::string>();
        } else if (type == "content_block_stop") {
            EXPECT_EQ(open, event["index"].get<int>());
            if (content.back()["type"] == "tool_use") content.back()["input"] = parsed(json);
            open = -1;
        }
    }
    EXPECT_EQ(open, -1);
    return content;
}

TEST(AnthropicTranscript, StreamsPutTogetherAreWhatIsCollected) {
    std::mt19937 random(11);
    for (int round = 0; round < 500; ++round) {
        std::size_t calls = 0;
        std::vector<OutputEvent> events = randomAnswer(random, "toolu_", {"f"}, {"{\"a\":", "", "[1,\"x\"]", "}"}, calls);
        events.push_back(anthropicFinished(FinishReason::Stop, calls));
        const auto both = told(events);
        EXPECT_EQ(putTogether(both.stream).dump(), both.collected["content"].dump());
        for (const base::Json& block : both.collected["content"]) {
            if (both.collected["content"].size() > 1 && block["type"] == "text") {
                EXPECT_NE(block["text"].get<std::string>().find_first_not_of(" \n"), std::string::npos) << "clients would drop it";
            }
        }
    }
}

}  // namespace
}  // namespace larder::api
