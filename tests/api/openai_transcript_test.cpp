// What goes over the wire, byte for byte: the same scripted events through each protocol, streaming and collected.
#include <gtest/gtest.h>

#include <memory>

#include "engine/api/openai_chat.h"
#include "engine/api/openai_completions.h"
#include "tests/api/api_house.h"

namespace larder::api {
namespace {

PositionLogprobs position(TokenId chosen, float logprob, std::vector<TokenLogprob> top) {
    return {{chosen, logprob}, std::move(top)};
}

OutputFinished finishedWith(FinishReason reason) {
    OutputFinished finished;
    finished.reason = reason;
    finished.promptTokens = 5;
    finished.cachedTokens = 2;
    finished.completionTokens = 3;
    finished.timings = {.queueMs = 1, .prefillMs = 10, .decodeMs = 20};
    return finished;
}

std::vector<OutputEvent> plainEvents() {
    return {OutputText{"Hi", {}}, OutputText{}, OutputText{" \"\xE2\x82\xAC\"\n", {}},
            finishedWith(FinishReason::Stop)};
}

std::vector<OutputEvent> logprobEvents() {
    const TokenId half = byteToken('\xc3');
    return {OutputPromptLogprobs{{position(byteToken('b'), -2.0f, {{byteToken('c'), -0.25f}})}},
            OutputText{"", {position(half, -0.1f, {{half, -0.1f}, {byteToken('\xc4'), -3.5f}})}},
            OutputText{"\xC3\xA9", {position(byteToken('\xa9'), -1.0f, {{kImEnd, -0.5f}})}},
            finishedWith(FinishReason::Length)};
}

struct Transcripts {
    std::string stream;
    std::string collected;
};

template <class ProtocolType>
Transcripts transcripts(const std::string& body, const std::vector<OutputEvent>& events) {
    static const SharedModelText text = makeTinyText();
    ReplyContext context;
    context.id = "id-1";
    context.model = "tiny";
    context.createdSeconds = 1700000000;
    context.tokenizer = text->tokenizer.get();
    context.promptText = "ab";
    context.promptIds = byteTokens("ab");
    Transcripts result;
    ProtocolType streaming;
    EXPECT_TRUE(streaming.readChat(parsed(body)).ok()) << body;
    result.stream = streaming.beginStream(context);
    for (const OutputEvent& event : events) result.stream += streaming.streamEvent(event);
    result.stream += streaming.endStream();
    ProtocolType collecting;
    EXPECT_TRUE(collecting.readChat(parsed(body)).ok());
    result.collected = collecting.collect(context, events);
    return result;
}

constexpr const char* kUsage =
    R"("usage":{"prompt_tokens":5,"completion_tokens":3,"total_tokens":8,"prompt_tokens_details":{"cached_tokens":2}})";
constexpr const char* kChatUsage =
    R"("usage":{"prompt_tokens":5,"completion_tokens":3,"total_tokens":8,"prompt_tokens_details":{"cached_tokens":2},)"
    R"("completion_tokens_details":{"reasoning_tokens":0}})";
constexpr const char* kTimings =
    R"("timings":{"load_ms":0.0,"queue_ms":1.0,"prefill_ms":10.0,"decode_ms":20.0,"cached_tokens":2,"followed_tokens":0,)"
    R"("loaded_tokens":0,)"
    R"("computed_tokens":3,"prompt_per_second":300.0,"predicted_per_second":100.0})";

std::string chatFrame(const std::string& choices, const std::string& more = {}) {
    return R"(data: {"id":"id-1","object":"chat.completion.chunk","created":1700000000,"model":"tiny","choices":[)" +
           choices + "]" + more + "}\n\n";
}

std::string textFrame(const std::string& choices, const std::string& more = {}) {
    return R"(data: {"id":"id-1","object":"text_completion","created":1700000000,"model":"tiny","choices":[)" +
           choices + "]" + more + "}\n\n";
}

std::string delta(const std::string& inside, const std::string& logprobs = "null", const std::string& reason = "null") {
    return R"({"index":0,"delta":{)" + inside + R"(},"logprobs":)" + logprobs + R"(,"finish_reason":)" + reason + "}";
}

std::string textChoice(const std::string& text, const std::string& logprobs = "null",
                       const std::string& reason = "null") {
    return R"({"index":0,"text":")" + text + R"(","logprobs":)" + logprobs + R"(,"finish_reason":)" + reason + "}";
}

TEST(OpenAiTranscript, Chat) {
    const auto told = transcripts<OpenAiChat>(R"({"messages":[{"role":"user","content":"x"}]})", plainEvents());
    EXPECT_EQ(told.stream,
              chatFrame(delta(R"("role":"assistant","content":"")")) + chatFrame(delta(R"("content":"Hi")")) +
                  chatFrame(delta("\"content\":\" \\\"\xE2\x82\xAC\\\"\\n\"")) +
                  chatFrame(delta("", "null", R"("stop")"), std::string(",") + kTimings) + "data: [DONE]\n\n");
    EXPECT_EQ(told.collected,
              R"({"id":"id-1","object":"chat.completion","created":1700000000,"model":"tiny","choices":[{"index":0,)"
              "\"message\":{\"role\":\"assistant\",\"content\":\"Hi \\\"\xE2\x82\xAC\\\"\\n\",\"refusal\":null},"
              R"("logprobs":null,"finish_reason":"stop"}],)" +
                  std::string(kChatUsage) + "," + kTimings + "}");
}

TEST(OpenAiTranscript, ChatWithUsage) {
    const auto told = transcripts<OpenAiChat>(
        R"({"messages":[{"role":"user","content":"x"}],"stream_options":{"include_usage":true}})", plainEvents());
    const std::string none = R"(,"usage":null)";
    EXPECT_EQ(told.stream, chatFrame(delta(R"("role":"assistant","content":"")"), none) +
                               chatFrame(delta(R"("content":"Hi")"), none) +
                               chatFrame(delta("\"content\":\" \\\"\xE2\x82\xAC\\\"\\n\""), none) +
                               chatFrame(delta("", "null", R"("stop")"), none + "," + kTimings) +
                               chatFrame("", std::string(",") + kChatUsage) + "data: [DONE]\n\n");
}

TEST(OpenAiTranscript, ChatWithLogprobs) {
    const auto told = transcripts<OpenAiChat>(
        R"({"messages":[{"role":"user","content":"x"}],"logprobs":true,"top_logprobs":2})", logprobEvents());
    const std::string first =
        "{\"id\":198,\"token\":\"\xEF\xBF\xBD\",\"logprob\":-0.1,\"bytes\":[195],\"top_logprobs\":["
        "{\"id\":198,\"token\":\"\xEF\xBF\xBD\",\"logprob\":-0.1,\"bytes\":[195]},"
        "{\"id\":199,\"token\":\"\xEF\xBF\xBD\",\"logprob\":-3.5,\"bytes\":[196]}]}";
    const std::string second =
        "{\"id\":172,\"token\":\"\xEF\xBF\xBD\",\"logprob\":-1.0,\"bytes\":[169],\"top_logprobs\":["
        "{\"id\":2,\"token\":\"<|im_end|>\",\"logprob\":-0.5,\"bytes\":null}]}";
    const auto content = [](const std::string& entries) {
        return R"({"content":[)" + entries + R"(],"refusal":null})";
    };
    EXPECT_EQ(told.stream, chatFrame(delta(R"("role":"assistant","content":"")")) +
                               chatFrame(delta(R"("content":"")", content(first))) +
                               chatFrame(delta("\"content\":\"\xC3\xA9\"", content(second))) +
                               chatFrame(delta("", "null", R"("length")"), std::string(",") + kTimings) +
                               "data: [DONE]\n\n");
    EXPECT_EQ(parsed(told.collected)["choices"][0]["logprobs"].dump(), parsed(content(first + "," + second)).dump());
}

std::vector<OutputEvent> callEvents() {
    OutputFinished finished = finishedWith(FinishReason::Stop);
    finished.calls = 1;
    return {OutputReasoning{"Hm."},
            OutputText{"I look.", {}},
            OutputCallStart{0, "call_1", "read"},
            OutputCallArguments{0, "{\"path\":"},
            OutputCallArguments{0, "\"a\"}"},
            OutputCallEnd{0, true, "raw"},
            finished};
}

TEST(OpenAiTranscript, ChatWithReasoningAndACall) {
    const auto told = transcripts<OpenAiChat>(R"({"messages":[{"role":"user","content":"x"}]})", callEvents());
    const auto call = [](const std::string& inside) { return chatFrame(delta(R"("tool_calls":[{"index":0,)" + inside + "}]")); };
    EXPECT_EQ(told.stream,
              chatFrame(delta(R"("role":"assistant","content":"")")) + chatFrame(delta(R"("reasoning_content":"Hm.")")) +
                  chatFrame(delta(R"("content":"I look.")")) +
                  call(R"("id":"call_1","type":"function","function":{"name":"read","arguments":""})") +
                  call(R"("function":{"arguments":"{\"path\":"})") + call(R"("function":{"arguments":"\"a\"}"})") +
                  chatFrame(delta("", "null", R"("tool_calls")"), std::string(",") + kTimings) + "data: [DONE]\n\n");
    const base::Json choice = parsed(told.collected)["choices"][0];
    EXPECT_EQ(choice["message"].dump(),
              R"({"role":"assistant","content":"I look.","refusal":null,"reasoning_content":"Hm.","tool_calls":[)"
              R"({"id":"call_1","type":"function","function":{"name":"read","arguments":"{\"path\":\"a\"}"}}]})");
    EXPECT_EQ(choice["finish_reason"], "tool_calls");
    EXPECT_EQ(parsed(told.collected)["usage"]["completion_tokens_details"]["reasoning_tokens"], 3) << "a byte each";
    const auto counted = transcripts<OpenAiChat>(R"({"messages":[{"role":"user","content":"x"}],"stream_options":{"include_usage":true}})", callEvents());
    EXPECT_NE(counted.stream.find(R"("completion_tokens_details":{"reasoning_tokens":3}})"), std::string::npos) << counted.stream;
}

TEST(OpenAiTranscript, ACallThatBrokeOffIsTextInACollectedAnswer) {
    const auto told = transcripts<OpenAiChat>(
        R"({"messages":[{"role":"user","content":"x"}]})",
        {OutputCallStart{0, "call_1", "read"}, OutputCallArguments{0, "{\"pa"}, OutputCallEnd{0, false, "<tool_call>{\"pa"},
         finishedWith(FinishReason::Length)});
    const base::Json choice = parsed(told.collected)["choices"][0];
    EXPECT_EQ(choice["message"]["content"], "<tool_call>{\"pa");
    EXPECT_FALSE(choice["message"].contains("tool_calls"));
    EXPECT_EQ(choice["finish_reason"], "length");
}

TEST(OpenAiTranscript, Completions) {
    const auto told = transcripts<OpenAiCompletions>(R"({"prompt":"ab"})", plainEvents());
    EXPECT_EQ(told.stream, textFrame(textChoice("Hi")) + textFrame(textChoice(" \\\"\xE2\x82\xAC\\\"\\n")) +
                               textFrame(textChoice("", "null", R"("stop")"), std::string(",") + kTimings) +
                               "data: [DONE]\n\n");
    EXPECT_EQ(
        told.collected,
        "{\"id\":\"id-1\",\"object\":\"text_completion\",\"created\":1700000000,\"model\":\"tiny\",\"choices\":[" +
            textChoice("Hi \\\"\xE2\x82\xAC\\\"\\n", "null", R"("stop")") + "]," + kUsage + "," + kTimings + "}");
}

TEST(OpenAiTranscript, CompletionsWithEcho) {
    const auto told = transcripts<OpenAiCompletions>(R"({"prompt":"ab","echo":true})", plainEvents());
    EXPECT_TRUE(told.stream.starts_with(textFrame(textChoice("ab")) + textFrame(textChoice("Hi")))) << told.stream;
    EXPECT_EQ(parsed(told.collected)["choices"][0]["text"], "abHi \"\xE2\x82\xAC\"\n");
}

TEST(OpenAiTranscript, CompletionsWithEchoAndLogprobs) {
    const auto told = transcripts<OpenAiCompletions>(R"({"prompt":"ab","echo":true,"logprobs":2})", logprobEvents());
    const std::string bad = "\xEF\xBF\xBD";
    // Two candidates share one text: the map keeps the likelier, the ids keep both.
    const std::string expected =
        R"({"tokens":["a","b",")" + bad + R"(",")" + bad +
        R"("],"token_logprobs":[null,-2.0,-0.1,-1.0],"top_logprobs":[null,{"c":-0.25,"b":-2.0},{")" + bad +
        R"(":-0.1},{"<|im_end|>":-0.5,")" + bad +
        R"(":-1.0}],"text_offset":[0,1,2,2],"token_ids":[100,101,198,172],)"
        R"("top_token_ids":[null,[102],[198,199],[2]],"top_values":[null,[-0.25],[-0.1,-3.5],[-0.5]]})";
    const base::Json collected = parsed(told.collected);
    EXPECT_EQ(collected["choices"][0]["logprobs"].dump(), parsed(expected).dump());
    EXPECT_EQ(collected["choices"][0]["text"], "ab\xC3\xA9");

    base::Json joined;  // the frames' arrays, appended
    std::string text;
    for (const base::Json& frame : frames(told.stream)) {
        if (!frame.is_object()) continue;
        text += frame["choices"][0]["text"].get<std::string>();
        for (const auto& [name, values] : frame["choices"][0]["logprobs"].items())
            for (const base::Json& value : values) joined[name].push_back(value);
    }
    EXPECT_EQ(joined.dump(), parsed(expected).dump());
    EXPECT_EQ(text, "ab\xC3\xA9");
}

TEST(OpenAiTranscript, ErrorsAndKeepAlives) {
    OpenAiChat chat;
    EXPECT_EQ(
        chat.errorBody({ErrorCode::ContextExceeded, "Too \"long\""}),
        R"({"error":{"message":"Too \"long\"","type":"invalid_request_error","param":null,"code":"context_length_exceeded"}})");
    EXPECT_EQ(chat.streamError({ErrorCode::Unavailable, "gone"}),
              "data: {\"error\":{\"message\":\"gone\",\"type\":\"server_error\",\"param\":null,\"code\":null}}\n\n");
    // Clients look at choices[0] of every chunk: a keep-alive is a chunk that adds nothing.
    const auto chatBeat = frames(chat.keepAlive()).at(0);
    EXPECT_EQ(chatBeat["choices"][0]["delta"].dump(), R"({"content":""})");
    OpenAiCompletions completions;
    EXPECT_EQ(frames(completions.keepAlive()).at(0)["choices"][0]["text"], "");
}

TEST(OpenAiTranscript, WholeVocabularyRowsKeepEveryEntry) {
    std::vector<TokenLogprob> row;
    for (TokenId id = 0; id < static_cast<TokenId>(kTinyVocabulary); ++id)
        row.push_back({id, -0.001f * static_cast<float>(id)});
    const auto told = transcripts<OpenAiCompletions>(
        R"({"prompt":"ab","logprobs":262})",
        {OutputText{"x", {position(byteToken('x'), -5.0f, row)}}, finishedWith(FinishReason::Length)});
    const base::Json logprobs = parsed(told.collected)["choices"][0]["logprobs"];
    ASSERT_EQ(logprobs["top_token_ids"][0].size(), kTinyVocabulary);
    ASSERT_EQ(logprobs["top_values"][0].size(), kTinyVocabulary);
    for (std::size_t i = 0; i < kTinyVocabulary; ++i) {
        EXPECT_EQ(logprobs["top_token_ids"][0][i], i);
        EXPECT_EQ(logprobs["top_values"][0][i].get<float>(), row[i].logprob);
    }
    // 128 bytes of the upper half are not UTF-8 alone and share one key.
    EXPECT_EQ(logprobs["top_logprobs"][0].size(), kTinyVocabulary - 127);
}

}  // namespace
}  // namespace larder::api
