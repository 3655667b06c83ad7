// What bodies are read into, and what is refused: every field of both protocols.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <optional>

#include "engine/api/chat_messages.h"
#include "engine/api/openai_chat.h"
#include "engine/api/openai_completions.h"
#include "tests/api/api_house.h"

namespace larder::api {
namespace {

using ::testing::HasSubstr;

constexpr const char* kMessages = R"("messages":[{"role":"user","content":"x"}])";

Expected<ChatRequest> readChat(const std::string& fields) {
    return OpenAiChat().readChat(parsed("{" + std::string(kMessages) + (fields.empty() ? "" : ",") + fields + "}"));
}

Expected<ChatRequest> readCompletion(const std::string& fields) {
    return OpenAiCompletions().readChat(parsed("{" + fields + "}"));
}

std::string complaint(const Expected<ChatRequest>& request) {
    return request.ok() ? "accepted" : request.error().message;
}

struct Refused {
    const char* fields;
    const char* sentence;  // part of the message
};

void PrintTo(const Refused& refused, std::ostream* out) {
    *out << refused.fields;
}

class RefusedByBoth : public ::testing::TestWithParam<Refused> {};

TEST_P(RefusedByBoth, NamesTheField) {
    EXPECT_THAT(complaint(readChat(GetParam().fields)), HasSubstr(GetParam().sentence));
    EXPECT_THAT(complaint(readCompletion("\"prompt\":\"x\"," + std::string(GetParam().fields))),
                HasSubstr(GetParam().sentence));
}

INSTANTIATE_TEST_SUITE_P(
    Fields, RefusedByBoth,
    ::testing::Values(
        Refused{R"("model":3)", "model must be a string, but is 3"},
        Refused{R"("temperature":-0.1)", "temperature must be a number from 0 to 2, but is -0.1"},
        Refused{R"("temperature":2.01)", "temperature must"}, Refused{R"("temperature":"hot")", "but is a string"},
        Refused{R"("temperature":true)", "temperature must"}, Refused{R"("top_p":1.5)", "top_p must"},
        Refused{R"("top_p":-1)", "top_p must"}, Refused{R"("min_p":1.5)", "min_p must"},
        Refused{R"("top_k":-2)", "top_k must"}, Refused{R"("top_k":1.5)", "top_k must be an integer"},
        Refused{R"("repetition_penalty":0)", "repetition_penalty must"},
        Refused{R"("repeat_penalty":-1)", "repeat_penalty must"},
        Refused{R"("frequency_penalty":2.5)", "frequency_penalty must"},
        Refused{R"("presence_penalty":-2.5)", "presence_penalty must"},
        Refused{R"("logit_bias":[1])", "logit_bias must be an object"},
        Refused{R"("logit_bias":{"a":1})", "logit_bias must have token ids as keys"},
        Refused{R"("logit_bias":{"-1":1})", "logit_bias must have token ids"},
        Refused{R"("logit_bias":{"99999999999":1})", "logit_bias must have token ids"},
        Refused{R"("logit_bias":{"1":101})", "logit_bias must have numbers from -100 to 100"},
        Refused{R"("logit_bias":{"1":"x"})", "logit_bias must have numbers"},
        Refused{R"("seed":1.5)", "seed must be an integer"}, Refused{R"("seed":"1")", "seed must be an integer"},
        Refused{R"("stop":5)", "stop must be a string or an array of strings"},
        Refused{R"("stop":["a",5])", "stop must be"},
        Refused{R"("stop":["1","2","3","4","5","6","7","8","9","10","11","12","13","14","15","16","17"])",
                "stop may have at most 16 strings, but has 17"},
        Refused{R"("stream":"yes")", "stream must be true or false"}, Refused{R"("stream":1)", "stream must be"},
        Refused{R"("stream_options":true)", "stream_options must be an object"},
        Refused{R"("stream_options":{"include_usage":1})", "stream_options.include_usage must be"},
        Refused{R"("n":2)", "n must be 1"}, Refused{R"("n":0)", "n must be"}, Refused{R"("n":"1")", "n must be"},
        Refused{R"("best_of":2)", "best_of must be 1"}, Refused{R"("ignore_eos":1)", "ignore_eos must be"},
        Refused{R"("max_tokens":-2)", "max_tokens must be"}, Refused{R"("max_tokens":1.5)", "max_tokens must be"},
        Refused{R"("max_tokens":"9")", "max_tokens must be"}, Refused{R"("max_tokens":1e30)", "max_tokens must be"},
        Refused{R"("priority":"high")", "priority must be \"interactive\" or \"background\""},
        Refused{R"("priority":1)", "priority must be a string"}, Refused{R"("service_tier":1)", "service_tier must be a string"},
        Refused{R"("response_format":"json")", "response_format must be an object"},
        Refused{R"("response_format":{})", "response_format.type must be"},
        Refused{R"("response_format":{"type":"xml"})", "response_format.type must be"},
        Refused{R"("response_format":{"type":"json_schema","json_schema":{}})", "response_format.json_schema must be an object with a schema"},
        Refused{R"("response_format":{"type":"json_schema"})", "response_format.json_schema must be an object with a schema"},
        Refused{R"("grammar":"root ::= x")", "grammar is not supported: send a JSON schema as response_format"},
        Refused{R"("json_schema":{"type":"object"})", "json_schema is not supported"},
        Refused{R"("guided_json":{"type":"object"})", "guided_json is not supported"},
        Refused{R"("structured_outputs":{"regex":"a"})", "structured_outputs is not supported"}));

class RefusedByChat : public ::testing::TestWithParam<Refused> {};

TEST_P(RefusedByChat, NamesTheField) {
    EXPECT_THAT(complaint(readChat(GetParam().fields)), HasSubstr(GetParam().sentence));
}

INSTANTIATE_TEST_SUITE_P(
    Fields, RefusedByChat,
    ::testing::Values(
        Refused{R"("max_tokens":0)", "max_tokens must be an integer of at least 1, but is 0"},
        Refused{R"("max_completion_tokens":0)", "max_completion_tokens must be"},
        Refused{R"("max_completion_tokens":-1)", "max_completion_tokens must be"},
        Refused{R"("max_tokens":9007199254740994.0)", "max_tokens must be"},
        Refused{R"("response_format":{"type":"json_object","schema":"x"})", "response_format.schema must be an object"},
        Refused{R"("logprobs":1)", "logprobs must be true or false"},
        Refused{R"("top_logprobs":2)", "top_logprobs needs logprobs"},
        Refused{R"("logprobs":true,"top_logprobs":21)", "top_logprobs must be an integer from 0 to 20, but is 21"},
        Refused{R"("tools":{})", "tools must be an array"}, Refused{R"("tools":[1])", "tools[0] must be an object"},
        Refused{R"("tools":[{"type":"function"}])", "tools[0].function must be an object with a name"},
        Refused{R"("tools":[{"type":"function","function":{"name":1}}])", "tools[0].function must"},
        Refused{R"("tool_choice":"required")", "tool_choice is \"required\", but there are no tools"},
        Refused{R"("tool_choice":{"type":"function","function":{"name":"f"}})",
                "tool_choice names the function \"f\", which is not among the tools"},
        Refused{R"("parallel_tool_calls":1)", "parallel_tool_calls must be true or false"},
        Refused{R"("tool_choice":"maybe")", "tool_choice must be"},
        Refused{R"("tool_choice":5)", "tool_choice must be"},
        Refused{R"("tool_choice":"any")", "tool_choice is \"any\", but there are no tools"},
        Refused{R"("tool_choice":{"type":"required"})", "tool_choice is \"required\", but there are no tools"},
        Refused{R"("tool_choice":{"type":"function"})", "tool_choice must be"},
        Refused{R"("tool_choice":{"type":"function","name":"f"})", "tool_choice names the function \"f\""},
        Refused{R"("functions":[{"name":"f"}])", "functions is not supported: send the functions as tools"},
        Refused{R"("chat_template_kwargs":[])", "chat_template_kwargs must be an object"},
        Refused{R"("chat_template_kwargs":{"bos_token":"x"})", "chat_template_kwargs must not set bos_token"},
        Refused{R"("modalities":["text","audio"])", "modalities can only have"}));

TEST(RefusedMessages, AreNamedByIndex) {
    const Refused rows[] = {
        {R"("a":1)", "messages is missing"},
        {R"("messages":null)", "messages is missing"},
        {R"("messages":"hi")", "messages must be an array, but is a string"},
        {R"("messages":[])", "messages must not be empty"},
        {R"("messages":["hi"])", "messages[0] must be an object, but is a string"},
        {R"("messages":[{}])", "messages[0].role is missing"},
        {R"("messages":[{"role":5,"content":"x"}])", "messages[0].role must be a string"},
        {R"("messages":[{"role":"robot","content":"x"}])",
         "messages[0].role must be system, developer, user, assistant or tool, but is \"robot\""},
        {R"("messages":[{"role":"user"}])", "messages[0].content is missing"},
        {R"("messages":[{"role":"user","content":null}])", "messages[0].content is missing"},
        {R"("messages":[{"role":"user","content":5}])",
         "messages[0].content must be a string or an array of parts, but is 5"},
        {R"("messages":[{"role":"user","content":{"type":"text"}}])", "messages[0].content must be"},
        {R"("messages":[{"role":"user","content":[5]}])", "messages[0].content[0] must be an object with a type"},
        {R"("messages":[{"role":"user","content":[{}]}])", "messages[0].content[0].type is missing"},
        {R"("messages":[{"role":"user","content":[{"type":"text"}]}])", "messages[0].content[0].text is missing"},
        {R"("messages":[{"role":"user","content":[{"type":"text","text":7}]}])",
         "messages[0].content[0].text must be a string"},
        {R"("messages":[{"role":"user","content":"x","name":5}])", "messages[0].name must be a string"},
        {R"("messages":[{"role":"user","content":"x"},{"role":"assistant","tool_calls":{}}])",
         "messages[1].tool_calls must be an array"},
        {R"("messages":[{"role":"assistant","tool_calls":[{"function":{}}]}])",
         "messages[0].tool_calls[0] must be an object with a function"},
        {R"("messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":5}}]}])",
         "messages[0].tool_calls[0].function.arguments must be"},
        {R"("messages":[{"role":"system","content":null}])", "messages[0].content is missing"},
        {R"("messages":[{"role":"assistant","function_call":{"arguments":"{}"}}])", "messages[0].function_call[0] must be an object with a function"},
        {R"("messages":[{"role":"assistant","function_call":"f"}])", "messages[0].function_call must be an object"},
    };
    for (const Refused& row : rows)
        EXPECT_THAT(complaint(OpenAiChat().readChat(parsed("{" + std::string(row.fields) + "}"))),
                    HasSubstr(row.sentence))
            << row.fields;
}

TEST(RefusedPrompts, AreNamed) {
    const Refused rows[] = {
        {R"("max_tokens":5)", "prompt is missing"},
        {R"("prompt":{})", "prompt must be a string or an array of token ids, but is an object"},
        {R"("prompt":5)", "prompt must be a string or an array of token ids, but is 5"},
        {R"("prompt":[])", "prompt must not be an empty array"},
        {R"("prompt":[[]])", "prompt must not be an empty array"},
        {R"("prompt":["a","b"])", "prompt must be one prompt"},
        {R"("prompt":[[1],[2]])", "prompt must be one prompt"},
        {R"("prompt":[1,"a"])", "prompt must have only token ids in its array, but has a string"},
        {R"("prompt":[1,-1])", "but has -1"},
        {R"("prompt":[1.5])", "but has 1.5"},
        {R"("prompt":[99999999999])", "but has 99999999999"},
        {R"("prompt":[18446744073709551615])", "but has 18446744073709551615"},
        {R"("prompt":"x","suffix":"y")", "suffix is not supported"},
        {R"("prompt":"x","echo":1)", "echo must be true or false"},
        {R"("prompt":"x","logprobs":-1)", "logprobs must be an integer from 0"},
        {R"("prompt":"x","logprobs":"5")", "logprobs must be an integer"},
    };
    for (const Refused& row : rows)
        EXPECT_THAT(complaint(readCompletion(row.fields)), HasSubstr(row.sentence)) << row.fields;
}

TEST(ReadRequest, DefaultsAreOpenAis) {
    const auto chat = readChat("");
    ASSERT_TRUE(chat.ok());
    EXPECT_EQ(chat->sampling.temperature, 1.0f);
    EXPECT_EQ(chat->sampling.topP, 1.0f);
    EXPECT_EQ(chat->sampling.topK, 0);
    EXPECT_EQ(chat->maxTokens, 0u);
    EXPECT_EQ(chat->topLogprobs, -1);
    EXPECT_FALSE(chat->stream);
    EXPECT_NE(chat->sampling.seed, readChat("")->sampling.seed);  // random, 64 bits
    EXPECT_EQ(readCompletion(R"("prompt":"x")")->maxTokens, 16u);
}

TEST(ReadRequest, BackgroundIsAskedForOrGuessed) {
    const auto priority = [](const Expected<ChatRequest>& request) {
        EXPECT_EQ(complaint(request), "accepted");
        return request.ok() && request->priority == Priority::Background ? "background" : "interactive";
    };
    struct Row {
        const char* fields;
        const char* priority;
    };
    const Row rows[] = {{R"("stream":false)", "interactive"},
                        {R"("priority":"background")", "background"},
                        {R"("priority":"interactive")", "interactive"},
                        {R"("service_tier":"flex")", "background"},
                        {R"("service_tier":"auto")", "interactive"},
                        {R"("service_tier":"flex","priority":"interactive")", "interactive"},
                        {R"("tools":[])", "background"},
                        {R"("tools":null)", "interactive"},
                        {R"("tools":[{"type":"function","function":{"name":"f"}}])", "interactive"},
                        {R"("tools":[],"priority":"interactive")", "interactive"}};
    for (const Row& row : rows) EXPECT_STREQ(priority(readChat(row.fields)), row.priority) << row.fields;
    EXPECT_STREQ(priority(readCompletion(R"("prompt":"x","service_tier":"flex")")), "background");
    EXPECT_STREQ(priority(readCompletion(R"("prompt":"x","tools":[])")), "interactive") << "tools belong to chat";
}

TEST(ReadRequest, NullMeansMissing) {
    const auto chat = readChat(
        R"("model":null,"temperature":null,"top_p":null,"max_tokens":null,"stop":null,"stream":null,"seed":null,)"
        R"("stream_options":null,"logit_bias":null,"tools":null,"tool_choice":null,"response_format":null,"n":null,)"
        R"("logprobs":null,"top_logprobs":null,"chat_template_kwargs":null,"functions":null,"grammar":null)");
    EXPECT_EQ(complaint(chat), "accepted");
}

TEST(ReadRequest, UnknownFieldsAreTolerated) {
    EXPECT_EQ(complaint(readChat(R"("user":"me","store":true,"metadata":{"a":1},"service_tier":"auto","x":[1])")),
              "accepted");
}

TEST(ReadRequest, EveryFieldArrives) {
    const auto chat = readChat(
        R"("model":"m","temperature":0.5,"top_p":0.25,"top_k":40,"min_p":0.125,"repetition_penalty":1.25,)"
        R"("frequency_penalty":0.75,"presence_penalty":-0.75,"logit_bias":{"7":-100,"3":1.5},"seed":-3,"stop":["a","b"],)"
        R"("max_tokens":9,"stream":true,"stream_options":{"include_usage":true},"logprobs":true,"top_logprobs":3,)"
        R"("ignore_eos":true,"chat_template_kwargs":{"enable_thinking":false},)"
        R"("tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"auto")");
    ASSERT_EQ(complaint(chat), "accepted");
    EXPECT_EQ(chat->model, "m");
    EXPECT_EQ(chat->sampling.temperature, 0.5f);
    EXPECT_EQ(chat->sampling.topP, 0.25f);
    EXPECT_EQ(chat->sampling.topK, 40);
    EXPECT_EQ(chat->sampling.minP, 0.125f);
    EXPECT_EQ(chat->sampling.repetitionPenalty, 1.25f);
    EXPECT_EQ(chat->sampling.frequencyPenalty, 0.75f);
    EXPECT_EQ(chat->sampling.presencePenalty, -0.75f);
    EXPECT_EQ(chat->sampling.logitBias, (std::vector<std::pair<TokenId, float>>{{3, 1.5f}, {7, -100.0f}}));
    EXPECT_EQ(chat->sampling.seed, static_cast<std::uint64_t>(-3));
    EXPECT_EQ(chat->stop, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(chat->maxTokens, 9u);
    EXPECT_TRUE(chat->stream && chat->includeUsage && chat->ignoreEos);
    EXPECT_EQ(chat->topLogprobs, 3);
    EXPECT_EQ(chat->templateVariables->dump(), R"({"enable_thinking":false})");
    EXPECT_EQ(chat->tools->dump(), R"([{"type":"function","function":{"name":"f"}}])");
}

TEST(ReadRequest, AliasesAndEnds) {
    EXPECT_EQ(readChat(R"("repeat_penalty":1.5)")->sampling.repetitionPenalty, 1.5f);
    EXPECT_EQ(readChat(R"("repeat_penalty":1.5,"repetition_penalty":1.25)")->sampling.repetitionPenalty, 1.25f);
    EXPECT_EQ(readChat(R"("max_tokens":5,"max_completion_tokens":7)")->maxTokens, 7u);
    EXPECT_EQ(readChat(R"("top_k":-1)")->sampling.topK, 0);
    EXPECT_GT(readChat(R"("top_p":0)")->sampling.topP, 0.0f);
    EXPECT_LT(readChat(R"("min_p":1)")->sampling.minP, 1.0f);
    EXPECT_EQ(readChat(R"("temperature":0)")->sampling.temperature, 0.0f);
    EXPECT_EQ(readChat(R"("seed":18446744073709551615)")->sampling.seed, std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(readChat(R"("stop":"")")->stop.size(), 0u);
    EXPECT_EQ(readChat(R"("response_format":{"type":"text"})")->topLogprobs, -1);
    EXPECT_EQ(readChat(R"("logprobs":true)")->topLogprobs, 0);
    const auto none = readChat(R"("tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"none")");
    EXPECT_EQ(none->toolChoice.use, ToolUse::None);
    EXPECT_NE(none->tools, nullptr) << "they stay in the prompt, or nothing of it would be known";
    const auto named = readChat(
        R"("tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":{"type":"function","function":{"name":"f"}})");
    EXPECT_EQ(named->toolChoice.use, ToolUse::Named);
    EXPECT_EQ(named->toolChoice.name, "f");
    EXPECT_FALSE(readChat(R"("parallel_tool_calls":false)")->toolChoice.parallel);
    EXPECT_TRUE(readChat(R"("response_format":{"type":"json_object"})")->answerSchema->is_boolean());
    EXPECT_EQ(readChat(R"("response_format":{"type":"json_object","schema":{"type":"object"}})")->answerSchema->dump(), R"({"type":"object"})");
    const auto schema = readChat(
        R"("response_format":{"type":"json_schema","json_schema":{"name":"x","strict":true,"schema":{"type":"object"}}})");
    EXPECT_EQ(schema->answerSchema->dump(), R"({"type":"object"})");
    EXPECT_TRUE(schema->answerSchemaStrict);
    EXPECT_EQ(readCompletion(R"("prompt":"x","logprobs":0)")->topLogprobs, 0);
    EXPECT_TRUE(readCompletion(R"("prompt":"x","max_tokens":0,"suffix":"")")->promptOnly);
    EXPECT_EQ(readChat(R"("max_tokens":18446744073709551615)")->maxTokens,
              static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max()));
}

TEST(ReadRequest, ToolChoiceInTheWordsOfOtherProtocols) {
    const auto choice = [](const std::string& value) {
        const auto request = readChat(R"("tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":)" + value);
        EXPECT_EQ(complaint(request), "accepted") << value;
        return request.ok() ? request->toolChoice : ToolChoice{};
    };
    EXPECT_EQ(choice(R"("any")").use, ToolUse::Required);
    EXPECT_EQ(choice(R"({"type":"any"})").use, ToolUse::Required);
    EXPECT_EQ(choice(R"({"type":"required"})").use, ToolUse::Required);
    EXPECT_EQ(choice(R"({"type":"auto"})").use, ToolUse::Auto);
    EXPECT_EQ(choice(R"({"type":"none"})").use, ToolUse::None);
    for (const char* named : {R"({"type":"function","name":"f"})", R"({"type":"tool","name":"f"})"}) {
        EXPECT_EQ(choice(named).use, ToolUse::Named) << named;
        EXPECT_EQ(choice(named).name, "f") << named;
    }
}

TEST(ReadRequest, ThinkingIsSwitchedOffInManyWords) {
    struct Row {
        const char* fields;
        std::optional<bool> thinking;
    };
    const Row rows[] = {{"", std::nullopt},
                        {R"("reasoning_effort":"none")", false},
                        {R"("reasoning_effort":"minimal")", false},
                        {R"("reasoning_effort":"low")", std::nullopt},
                        {R"("reasoning_effort":null)", std::nullopt},
                        {R"("reasoning_effort":3)", std::nullopt},
                        {R"("reasoning":{"effort":"none"})", false},
                        {R"("reasoning":{"enabled":false})", false},
                        {R"("reasoning":{"enabled":true})", true},
                        {R"("reasoning":"x")", std::nullopt},
                        {R"("thinking":{"type":"disabled"})", false},
                        {R"("thinking":{"type":"enabled","budget_tokens":1024})", std::nullopt},
                        {R"("enable_thinking":false)", false},
                        {R"("enable_thinking":true)", true}};
    for (const Row& row : rows) {
        const auto chat = readChat(row.fields);
        ASSERT_EQ(complaint(chat), "accepted") << row.fields;
        EXPECT_EQ(chat->thinking, row.thinking) << row.fields;
    }
}

TEST(ReadRequest, NumbersAsOtherLanguagesWriteThem) {
    EXPECT_EQ(readChat(R"("max_tokens":-1)")->maxTokens, 0u) << "no limit";
    EXPECT_EQ(readChat(R"("max_tokens":-1,"max_completion_tokens":5)")->maxTokens, 5u);
    EXPECT_EQ(readChat(R"("max_tokens":100.0)")->maxTokens, 100u);
    EXPECT_EQ(readChat(R"("top_k":40.0)")->sampling.topK, 40);
}

TEST(ReadRequest, PromptsInAllForms) {
    EXPECT_EQ(readCompletion(R"("prompt":"hi")")->promptText, "hi");
    EXPECT_EQ(readCompletion(R"("prompt":["hi"])")->promptText, "hi");
    EXPECT_EQ(readCompletion(R"("prompt":"")")->promptText, "");
    EXPECT_EQ(readCompletion(R"("prompt":[1,2])")->promptIds, (std::vector<TokenId>{1, 2}));
    EXPECT_EQ(readCompletion(R"("prompt":[[1,2]])")->promptIds, (std::vector<TokenId>{1, 2}));
}

TEST(ReadRequest, MessagesBecomeCanonical) {
    struct Row {
        const char* message;
        const char* canonical;
    };
    const Row rows[] = {
        {R"({"content":"x","role":"user"})", R"({"role":"user","content":"x"})"},
        {R"({"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]})",
         R"({"role":"user","content":"a\nb"})"},
        {R"({"role":"user","content":[]})", R"({"role":"user","content":""})"},
        {R"({"role":"developer","content":"x"})", R"({"role":"system","content":"x"})"},
        {R"({"role":"assistant","content":null,"refusal":null,"tool_calls":[]})",
         R"({"role":"assistant","content":""})"},
        {R"({"role":"assistant","reasoning_content":"hm","content":"x"})",
         R"({"role":"assistant","content":"x","reasoning_content":"hm"})"},
        {R"({"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{\"b\":1,\"a\":2}"}}]})",
         R"({"role":"assistant","content":"","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":{"b":1,"a":2}}}]})"},
        {R"({"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"not json"}}]})",
         R"({"role":"assistant","content":"","tool_calls":[{"id":"","type":"function","function":{"name":"f","arguments":"not json"}}]})"},
        {R"({"role":"assistant","tool_calls":[{"id":"1","index":0,"extra":1,"function":{"name":"f","arguments":"","x":2}}],"cache_control":{},"id":"m"})",
         R"({"role":"assistant","content":"","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":{}}}]})"},
        {R"({"role":"assistant","reasoning":"hm","content":"x"})",
         R"({"role":"assistant","content":"x","reasoning_content":"hm"})"},
        {R"({"role":"system","content":"x-anthropic-billing-header: cc_version=1; cc_entrypoint=cli;\nBe brief."})",
         R"({"role":"system","content":"Be brief."})"},
        {R"({"role":"tool","tool_call_id":"1","content":"42","name":"f"})",
         R"({"role":"tool","content":"42","tool_call_id":"1","name":"f"})"},
        {R"({"role":"tool","tool_call_id":"1","content":null})", R"({"role":"tool","content":"","tool_call_id":"1"})"},
        {R"({"role":"user","content":["a",{"type":"text","text":"b"}]})", R"({"role":"user","content":"a\nb"})"},
        // Thoughts as other servers' clients send them back.
        {R"({"role":"assistant","reasoning":{"effort":"low"},"content":"x"})", R"({"role":"assistant","content":"x"})"},
        {R"({"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"text","text":"x"}]})",
         R"({"role":"assistant","content":"x","reasoning_content":"hm"})"},
        {R"({"role":"assistant","content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"x"}]})",
         R"({"role":"assistant","content":"x","reasoning_content":"hm"})"},
        {R"({"role":"assistant","content":[{"type":"reasoning","text":"h"},{"type":"reasoning","reasoning":"m"}]})",
         R"({"role":"assistant","content":"","reasoning_content":"hm"})"},
        // What calls were before there were tools.
        {R"({"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{\"a\":1}"}})",
         R"({"role":"assistant","content":"","tool_calls":[{"id":"","type":"function","function":{"name":"f","arguments":{"a":1}}}]})"},
        {R"({"role":"assistant","content":"x","function_call":null})", R"({"role":"assistant","content":"x"})"},
        {R"({"role":"function","name":"f","content":"42"})", R"({"role":"tool","content":"42","name":"f"})"},
    };
    for (const Row& row : rows) {
        const auto chat = OpenAiChat().readChat(parsed(R"({"messages":[)" + std::string(row.message) + "]}"));
        ASSERT_EQ(complaint(chat), "accepted") << row.message;
        EXPECT_EQ((*chat->messages)[0].dump(), row.canonical);
    }
}

TEST(ReadRequest, PartsNoTextModelCanReadAreRemembered) {
    const auto chat = OpenAiChat().readChat(parsed(
        R"({"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"x"}}]}]})"));
    ASSERT_EQ(complaint(chat), "accepted");
    EXPECT_EQ(chat->unreadablePart, "messages[0].content[1] is of type \"image_url\"");
    const auto result = OpenAiChat().readChat(parsed(
        R"({"messages":[{"role":"tool","tool_call_id":"1","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"x"}}]}]})"));
    EXPECT_EQ(result->unreadablePart, "") << "a tool's is told to the model";
    EXPECT_EQ((*result->messages)[0]["content"], "a\n" + std::string(kUnreadableResult));
}

}  // namespace
}  // namespace larder::api
