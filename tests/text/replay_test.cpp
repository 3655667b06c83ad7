// Conversations in which the model's tokens are never those that its text encodes to, and the client changes every answer it
// sends back: each prompt must begin with the one before and the tokens that were sampled after it.
#include "engine/text/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/text/byte_alphabet.h"
#include "engine/text/chat_template.h"
#include "engine/text/model_text.h"
#include "tests/support/fixtures.h"
#include "tests/support/starter.h"
#include "tests/text/map_replay_store.h"
#include "tests/text/small_vocabulary.h"

namespace larder::text {
namespace {

using base::Json;

const Json kTools = Json::parse(R"([
  {"type":"function","function":{"name":"Bash","description":"Runs","parameters":{"type":"object","required":["command"],"properties":{
    "command":{"type":"string"},"description":{"type":"string"},"timeout":{"type":"number"}}}}},
  {"type":"function","function":{"name":"Edit","parameters":{"type":"object","required":["file_path","old_string","new_string"],"properties":{
    "file_path":{"type":"string"},"old_string":{"type":"string"},"new_string":{"type":"string"},"replace_all":{"type":"boolean","default":false}}}}}
])");

// ---- Families of templates, and how their models write.

enum class CallStyle { Hermes, Xml, Header };

struct Family {
    std::string name;
    std::string source;
    CallStyle calls = CallStyle::Hermes;
    bool reasons = false;             // its models think, and it shows that in history
    bool dropsOldReasoning = false;   // until the next question only
    bool contentBesideCalls = true;   // and more than one call
};

std::string goldenTemplate(const std::string& name) {
    std::ifstream file(support::sourceFolder() / "tests/golden/chat_templates" / name, std::ios::binary);
    EXPECT_TRUE(file) << name;
    std::stringstream out;
    out << file.rdbuf();
    return out.str();
}

// keepThinking: as those templates do that have preserve_thinking. arguments: how they are printed.
std::string chatMl(bool keepThinking, const std::string& arguments) {
    return R"({% if tools %}<|im_start|>system
{% for tool in tools %}{{ tool | tojson }}
{% endfor %}<|im_end|>
{% endif %}{% for m in messages %}{% if m.role == 'tool' %}<|im_start|>user
<tool_response>{{ m.content }}</tool_response><|im_end|>
{% else %}<|im_start|>{{ m.role }}
)" + std::string(keepThinking ? "{% if m.reasoning_content %}{{ '<think>\n' + m.reasoning_content.strip() + '\n</think>\n\n' }}{% endif %}" : "") +
           R"({{ m.content }}{% for c in m.tool_calls or [] %}
<tool_call>
{"name": "{{ c.function.name }}", "arguments": {{ )" + arguments + R"( }}}
</tool_call>{% endfor %}<|im_end|>
{% endif %}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %})";
}

std::vector<Family> families() {
    return {{.name = "chatml", .source = chatMl(false, "c.function.arguments | tojson")},
            {.name = "sorted_keys", .source = chatMl(true, "c.function.arguments | tojson(sort_keys=true)"), .reasons = true},
            {.name = "qwen3", .source = goldenTemplate("qwen3_0_6b.jinja"), .reasons = true, .dropsOldReasoning = true},
            {.name = "qwen2_5", .source = goldenTemplate("qwen2_5_7b_instruct.jinja")},
            {.name = "qwen3_coder", .source = goldenTemplate("qwen3_coder.jinja"), .calls = CallStyle::Xml},
            {.name = "header_style", .source = goldenTemplate("header_style.jinja"), .calls = CallStyle::Header, .contentBesideCalls = false}};
}

std::string writtenCall(const Json& call, CallStyle style) {
    const std::string name = call["function"]["name"];
    const Json& arguments = call["function"]["arguments"];
    if (style == CallStyle::Header) return "{\"name\": \"" + name + "\", \"parameters\":" + arguments.dump() + "}";
    if (style == CallStyle::Hermes) return "<tool_call>\n{\"name\":\"" + name + "\",\"arguments\":  " + arguments.dump() + "}\n</tool_call>";
    std::string text = "<tool_call>\n<function=" + name + ">\n";
    for (const auto& [key, value] : arguments.items())
        text += "<parameter=" + key + ">\n" + (value.is_string() ? value.get<std::string>() : value.dump()) + "\n</parameter>\n";
    return text + "</function>\n</tool_call>";
}

// ---- Tokenizers, and a model that spells.

std::shared_ptr<const Tokenizer> smallTokenizer() {
    SmallVocabulary vocabulary = SmallVocabulary::ofBytes();
    vocabulary.pre = "qwen2";
    for (const char* pair : {"e r", "i n", "a n", "o u", "t h", "s t", "u s"}) vocabulary.merge({pair[0]}, {pair[2]});
    vocabulary.merge("us", "er");
    vocabulary.merge("th", "in");
    for (const char* text : {"<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|header|>", "<|end_header|>", "<|eot|>"})
        vocabulary.add(text, kControl);
    for (const char* text : {"<think>", "</think>"}) vocabulary.add(text, kUserDefined);
    const auto tokenizer = vocabulary.build();
    EXPECT_TRUE(tokenizer) << tokenizer.error().message;
    return *tokenizer;
}

std::vector<TokenId> spelled(const Tokenizer& tokenizer, std::string_view text) {
    std::vector<TokenId> tokens;
    while (!text.empty()) {
        std::size_t bytes = 1;
        auto token = tokenizer.find(alphabetCharacter(static_cast<unsigned char>(text.front())));
        for (const std::string_view marker : {"<think>", "</think>"})
            if (text.starts_with(marker) && tokenizer.find(marker)) {
                token = tokenizer.find(marker);
                bytes = marker.size();
            }
        EXPECT_TRUE(token) << text.front();
        tokens.push_back(token.value_or(0));
        text.remove_prefix(bytes);
    }
    return tokens;
}

// What the tokens say, control tokens included.
std::string said(const Tokenizer& tokenizer, const std::vector<TokenId>& tokens) {
    std::string text;
    for (const TokenId token : tokens) text += tokenizer.isControl(token) ? tokenizer.text(token) : tokenizer.bytes(token);
    return text;
}

// ---- A server and its client.

Json user(const std::string& content) { return {{"role", "user"}, {"content", content}}; }
Json toolResult(const std::string& id, const std::string& content) {
    return {{"role", "tool"}, {"content", content}, {"tool_call_id", id}};
}
Json call(const std::string& id, const std::string& name, Json arguments) {
    return {{"id", id}, {"type", "function"}, {"function", {{"name", name}, {"arguments", std::move(arguments)}}}};
}

Json reversedKeys(const Json& object) {
    Json reversed = Json::object();
    for (auto it = object.rbegin(); it != object.rend(); ++it) reversed[it.key()] = it.value();
    return reversed;
}

// As Claude Code sends an answer back, and other clients too: differently each time.
Json echoOf(Json message, unsigned round) {
    if (message.contains("reasoning_content") && round % 2 == 1) message.erase("reasoning_content");
    std::string content = message.value("content", "");
    if (content.find_first_not_of(" \n") == std::string::npos) {
        content.clear();
        if (round % 3 == 0) message.erase("content");
    } else if (round % 3 == 1) {
        content = content.substr(content.find_first_not_of(" \n"));
        content = content.substr(0, content.find_last_not_of(" \n") + 1);
    }
    if (message.contains("content")) message["content"] = content;
    if (!message.contains("tool_calls")) return message;
    for (Json& each : message["tool_calls"]) {
        Json& arguments = each["function"]["arguments"];
        if (round % 2 == 0) arguments = reversedKeys(arguments);
        if (arguments.contains("timeout")) arguments["timeout"] = round % 3 == 0 ? Json("5000") : round % 3 == 1 ? Json(5000) : Json(5000.0);
        if (each["function"]["name"] == "Edit" && round % 3 != 2) arguments["replace_all"] = false;
    }
    return message;
}

// One request as the server serves it.
struct Served {
    std::vector<TokenId> prompt;
    std::string rendered;
    SplicedPrompt spliced;
    ReplayPlace place;
};

class Server {
public:
    Server(const std::string& source, std::shared_ptr<const Tokenizer> itsTokenizer) : tokenizer(std::move(itsTokenizer)) {
        auto compiled = ChatTemplate::compile(source);
        EXPECT_TRUE(compiled) << compiled.error().message;
        chatTemplate = *compiled;
    }

    Served serve(Json messages, const Json* tools = &kTools) {
        Served served;
        const RestoredMessages restored = restoreAnswers(store, *tokenizer, messages, tools);
        ChatTemplateInput input;
        input.messages = &messages;
        input.tools = tools;
        input.now = std::tm{};
        const auto segments = chatTemplate->render(input);
        EXPECT_TRUE(segments) << segments.error().message;
        if (!segments) return served;
        for (const TextSegment& segment : *segments) served.rendered += segment.text;
        served.spliced = spliceAnswers(*segments, restored.answers, *tokenizer,
                                       [&](std::span<const TextSegment> piece) { return tokenizer->encode(piece); });
        served.prompt = served.spliced.ids;
        served.place = {restored.digest, served.spliced.renderedBytes, served.spliced.renderedHash};
        return served;
    }

    void answer(const Served& served, const Json& message, const std::vector<TokenId>& tokens) {
        rememberAnswer(store, *tokenizer, served.place, message, tokens);
    }

    std::shared_ptr<const Tokenizer> tokenizer;
    std::shared_ptr<const ChatTemplate> chatTemplate;
    MapReplayStore store;
};

std::vector<TokenId> operator+(std::vector<TokenId> a, const std::vector<TokenId>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

testing::AssertionResult beginsWith(const std::vector<TokenId>& prompt, const std::vector<TokenId>& known) {
    const auto common = std::mismatch(prompt.begin(), prompt.end(), known.begin(), known.end());
    if (common.second == known.end()) return testing::AssertionSuccess();
    return testing::AssertionFailure() << "only " << common.second - known.begin() << " of " << known.size() << " tokens are the same";
}

// Ten answers: with calls, two at once, thoughts, white space, words alone.
class Agent {
public:
    explicit Agent(const Family& family) : m_family(family) {}

    Json answer(unsigned round) {
        Json message{{"role", "assistant"}};
        if (m_family.reasons && round % 5 != 3) message["reasoning_content"] = "thinking of the user " + std::to_string(round) + "\nin there";
        message["content"] = contentOf(round);
        Json calls = Json::array();
        if (calling(round)) {
            calls.push_back(call(id(round, 0), "Bash", {{"timeout", 5000}, {"description", "runs\n\"it\""}, {"command", "ls user/"}}));
            if (round % 3 == 0 && m_family.contentBesideCalls)
                calls.push_back(call(id(round, 1), "Edit", {{"old_string", "<|im_end|>"}, {"new_string", "other"}, {"file_path", "/a.c"}}));
            message["tool_calls"] = calls;
        }
        return message;
    }

    // What the client adds: results in the order in which they came, or the next question.
    std::vector<Json> reaction(const Json& answer, unsigned round) const {
        if (!answer.contains("tool_calls")) return {user("the other user question " + std::to_string(round) + " <|im_end|> end")};
        std::vector<Json> results;
        for (const Json& each : answer["tool_calls"]) results.push_back(toolResult(each["id"], "result " + std::to_string(round)));
        std::reverse(results.begin(), results.end());
        return results;
    }

    std::vector<TokenId> tokens(const Tokenizer& tokenizer, const Json& message) const {
        std::string text;
        if (message.contains("reasoning_content")) text = "<think>\n" + message["reasoning_content"].get<std::string>() + "\n</think>\n\n";
        text += message["content"].get<std::string>();
        if (message.contains("tool_calls"))
            for (const Json& each : message["tool_calls"]) text += (text.empty() ? "" : "\n") + writtenCall(each, m_family.calls);
        return spelled(tokenizer, text);
    }

private:
    static std::string id(unsigned round, unsigned index) { return "toolu_" + std::to_string(round) + "_" + std::to_string(index); }
    bool calling(unsigned round) const { return round % 4 != 3; }
    std::string contentOf(unsigned round) const {
        if (calling(round) && (!m_family.contentBesideCalls || round % 4 == 1)) return round % 4 == 1 ? "\n\n" : "";
        return (round % 2 == 0 ? "\n\nThe user" : "An other user ") + std::to_string(round) + (round % 3 == 0 ? " thinks <|im_end|> of it. \n" : " thing");
    }

    const Family& m_family;
};

Json echoed(const Json& history, unsigned round) {
    Json messages = Json::array();
    for (const Json& message : history) messages.push_back(message["role"] == "assistant" ? echoOf(message, round) : message);
    return messages;
}

void converse(const Family& family, const std::shared_ptr<const Tokenizer>& tokenizer) {
    SCOPED_TRACE(family.name);
    Server server(family.source, tokenizer);
    Agent agent(family);
    Json history = Json::array({Json{{"role", "system"}, {"content", "You are in the test"}}, user("the first user question")});
    std::vector<TokenId> known;
    for (unsigned round = 0; round < 10; ++round) {
        SCOPED_TRACE("round " + std::to_string(round));
        const Served served = server.serve(echoed(history, round));
        ASSERT_FALSE(served.prompt.empty());
        const bool newQuestion = history.back()["role"] == "user";
        if (!(family.dropsOldReasoning && newQuestion)) {
            EXPECT_TRUE(beginsWith(served.prompt, known)) << served.rendered;
        } else {
            EXPECT_EQ(said(*tokenizer, served.prompt).find("<think>"), std::string::npos) << "the template dropped it";
        }
        // Spelled or not, the prompt shows no thought that the template does not, and ends as it does.
        EXPECT_TRUE(said(*tokenizer, served.prompt).ends_with(served.rendered.substr(served.rendered.rfind(history.back()["content"]))));
        const Json answer = agent.answer(round);
        const std::vector<TokenId> tokens = agent.tokens(*tokenizer, answer);
        server.answer(served, answer, tokens);
        known = served.prompt + tokens;
        history.push_back(answer);
        for (Json& message : agent.reaction(answer, round)) history.push_back(std::move(message));
    }
    const std::size_t all = server.serve(echoed(history, 5)).spliced.replayedAnswers;
    if (!family.dropsOldReasoning) {
        EXPECT_EQ(all, 10u);
    }
}

TEST(Replay, EveryTurnExtendsTheOneBefore) {
    for (const Family& family : families()) converse(family, smallTokenizer());
}

TEST(Replay, EveryTurnExtendsTheOneBeforeWithTheStartersTokenizer) {
    const auto path = support::starterModel();
    if (!path) GTEST_SKIP() << "LARDER_STARTER does not name the starter model";
    const auto model = loadModelText(*path);
    ASSERT_TRUE(model) << model.error().message;
    for (const Family& family : families())
        if (family.calls != CallStyle::Header) converse(family, (*model)->tokenizer);  // whose markers it lacks
}

// ---- One thing each.

class ReplayOfChatMl : public testing::Test {
protected:
    Server server{chatMl(true, "c.function.arguments | tojson"), smallTokenizer()};
    const Tokenizer& tokenizer = *server.tokenizer;
    Json messages = Json::array({user("question")});

    // Serves, answers with these words, appends the answer. The prompt and the answer.
    std::vector<TokenId> answerWith(const std::string& content, const std::string& reasoning = "") {
        Json answer{{"role", "assistant"}, {"content", content}};
        if (!reasoning.empty()) answer["reasoning_content"] = reasoning;
        const std::string text = (reasoning.empty() ? "" : "<think>\n" + reasoning + "\n</think>\n\n") + content;
        const Served served = server.serve(messages);
        const std::vector<TokenId> tokens = spelled(tokenizer, text);
        server.answer(served, answer, tokens);
        messages.push_back(answer);
        return served.prompt + tokens;
    }
    void ask(const std::string& question) { messages.push_back(user(question)); }
    // Without any memory.
    std::vector<TokenId> plain() {
        Server fresh(chatMl(true, "c.function.arguments | tojson"), server.tokenizer);
        return fresh.serve(messages).prompt;
    }
};

TEST_F(ReplayOfChatMl, AnAnswerThatWasEditedIsRendered) {
    answerWith("the first thing");
    ask("more");
    const auto known = answerWith("the second thing");
    ask("more still");
    answerWith("the third thing");
    ask("end");
    messages[3]["content"] = "the second thing, edited";
    const Served served = server.serve(messages);
    EXPECT_EQ(served.spliced.replayedAnswers, 1u) << "the first; the third was sampled after other words";
    EXPECT_EQ(said(tokenizer, served.prompt), served.rendered);
    EXPECT_NE(served.rendered.find("edited"), std::string::npos);
    EXPECT_TRUE(beginsWith(served.prompt, {known.begin(), known.end() - 16}));
    messages[3]["content"] = "the second thing";
    EXPECT_EQ(server.serve(messages).spliced.replayedAnswers, 3u);
}

TEST_F(ReplayOfChatMl, EditedArgumentsAreRendered) {
    Json answer{{"role", "assistant"}, {"content", ""}, {"tool_calls", {call("id1", "Bash", {{"command", "ls"}})}}};
    const Served served = server.serve(messages);
    server.answer(served, answer, spelled(tokenizer, "<tool_call>Bash</tool_call>"));
    messages.push_back(answer);
    messages.push_back(toolResult("id1", "x"));
    EXPECT_EQ(server.serve(messages).spliced.replayedAnswers, 1u);
    messages[1]["tool_calls"][0]["function"]["arguments"]["command"] = "rm";
    EXPECT_EQ(server.serve(messages).spliced.replayedAnswers, 0u);
    EXPECT_EQ(server.serve(messages).prompt, plain());
}

TEST_F(ReplayOfChatMl, EqualWordsInDifferentConversationsAreKeptApart) {
    const auto first = answerWith("Done.", "thought of the one");
    Json one = messages;
    messages = Json::array({user("other question")});
    const auto second = answerWith("Done.", "thought of the other");
    messages[1].erase("reasoning_content");
    one[1].erase("reasoning_content");
    ask("more");
    one.push_back(user("more"));
    EXPECT_TRUE(beginsWith(server.serve(messages).prompt, second));
    EXPECT_TRUE(beginsWith(server.serve(one).prompt, first)) << "and the thoughts are back";
}

TEST_F(ReplayOfChatMl, AnotherAnswerToTheSameQuestionWins) {
    answerWith("Done.");
    messages.erase(1);
    const auto second = answerWith("Done.", "this time with thought");
    messages[1].erase("reasoning_content");
    ask("more");
    EXPECT_TRUE(beginsWith(server.serve(messages).prompt, second));
}

TEST_F(ReplayOfChatMl, OtherToolsMeanOtherTextBefore) {
    answerWith("the first thing");
    ask("more");
    const Json fewer = Json::array({kTools[0]});
    const Served served = server.serve(messages, &fewer);
    EXPECT_EQ(served.spliced.replayedAnswers, 0u);
    EXPECT_EQ(said(tokenizer, served.prompt), served.rendered);
}

TEST_F(ReplayOfChatMl, AnAnswerThatBrokeOffIsReplayedAsItIs) {
    const Served served = server.serve(messages);
    const auto tokens = spelled(tokenizer, "<think>\nthe user thi");
    server.answer(served, {{"role", "assistant"}, {"reasoning_content", "the user thi"}, {"content", ""}}, tokens);
    messages.push_back({{"role", "assistant"}, {"content", ""}});
    ask("go on");
    const Served next = server.serve(messages);
    EXPECT_TRUE(beginsWith(next.prompt, served.prompt + tokens));
    EXPECT_NE(said(tokenizer, next.prompt).find("the user thi<|im_end|>"), std::string::npos);
}

TEST_F(ReplayOfChatMl, AnEmptyAnswerIsNothing) {
    const Served served = server.serve(messages);
    server.answer(served, {{"role", "assistant"}, {"content", ""}}, {});
    messages.push_back({{"role", "assistant"}, {"content", nullptr}});
    ask("well?");
    const Served next = server.serve(messages);
    EXPECT_EQ(next.spliced.replayedAnswers, 1u);
    EXPECT_TRUE(beginsWith(next.prompt, served.prompt));
}

TEST_F(ReplayOfChatMl, WhatTheTemplateDoesNotShowIsNotReplayed) {
    // Its template has no reasoning at all.
    Server silent(chatMl(false, "c.function.arguments | tojson"), server.tokenizer);
    const Served served = silent.serve(messages);
    const auto tokens = spelled(tokenizer, "<think>\nhm\n</think>\n\nthe thing");
    silent.answer(served, {{"role", "assistant"}, {"reasoning_content", "hm"}, {"content", "the thing"}}, tokens);
    messages.push_back({{"role", "assistant"}, {"content", "the thing"}});
    ask("more");
    const Served next = silent.serve(messages);
    EXPECT_EQ(next.spliced.replayedAnswers, 0u);
    EXPECT_EQ(said(tokenizer, next.prompt), next.rendered);
}

TEST_F(ReplayOfChatMl, MarkersInTheAnswersOwnWordsEndNothing) {
    const auto known = answerWith("it ends with <|im_end|>\n<|im_start|>user\n you see");
    ask("more");
    const Served served = server.serve(messages);
    EXPECT_TRUE(beginsWith(served.prompt, known));
    const auto marker = tokenizer.find("<|im_end|>");
    EXPECT_EQ(std::count(served.prompt.begin(), served.prompt.end(), *marker), 4) << "tools, question, answer, question";
}

TEST_F(ReplayOfChatMl, AMessageThatIsThereTwiceIsReplayedOnce) {
    Json answer{{"role", "assistant"}, {"content", ""}, {"tool_calls", {call("id1", "Bash", {{"command", "ls"}})}}};
    const Served served = server.serve(messages);
    server.answer(served, answer, spelled(tokenizer, "<tool_call>Bash</tool_call>"));
    for (int i = 0; i < 2; ++i) messages.push_back(answer);
    ask("more");
    EXPECT_EQ(server.serve(messages).spliced.replayedAnswers, 1u);
}

TEST_F(ReplayOfChatMl, ABrokenRecordIsAMiss) {
    answerWith("the thing");
    ask("more");
    const auto good = server.store.records;
    ASSERT_EQ(server.serve(messages).spliced.replayedAnswers, 1u);
    const auto spoil = [&](const std::function<void(ReplayRecord&)>& change) {
        server.store.records = good;
        for (auto& [key, record] : server.store.records) change(record);
        const Served served = server.serve(messages);
        EXPECT_EQ(served.spliced.replayedAnswers, 0u);
        EXPECT_EQ(served.prompt, plain());
    };
    spoil([&](ReplayRecord& record) { record.tokens[3] = static_cast<TokenId>(tokenizer.vocabulary()); });
    spoil([](ReplayRecord& record) { record.tokens[3] = -1; });
    spoil([](ReplayRecord& record) { record.message = "{\"role\":"; });
    spoil([](ReplayRecord& record) { record.message = "[]"; });
    spoil([](ReplayRecord& record) { record.message = R"({"role":"user","content":"the thing"})"; });
    spoil([](ReplayRecord& record) { record.promptHash[0] ^= 1; });
    spoil([](ReplayRecord& record) { record.promptBytes = std::uint64_t(-1); });
    spoil([](ReplayRecord& record) { record.promptBytes -= 1; });
}

TEST_F(ReplayOfChatMl, AnotherTokenizersAnswersAreNotIts) {
    answerWith("the thing");
    ask("more");
    SmallVocabulary vocabulary = SmallVocabulary::ofBytes();
    for (const char* text : {"<|im_start|>", "<|im_end|>"}) vocabulary.add(text, kControl);
    server.tokenizer = *vocabulary.build();
    EXPECT_EQ(server.serve(messages).spliced.replayedAnswers, 0u);
}

TEST_F(ReplayOfChatMl, OddMessagesAreLeftAlone) {
    for (const char* odd : {R"([{"role":"assistant","content":[{"type":"text","text":"a"}]}])", R"([{"role":5},7,null,{"role":"assistant"}])",
                            R"([{"role":"assistant","content":5,"tool_calls":[{"id":""},3]}])", "[]", "{}"}) {
        Json before = Json::parse(odd), after = before;
        EXPECT_TRUE(restoreAnswers(server.store, tokenizer, after, nullptr).answers.empty());
        EXPECT_EQ(after, before);
    }
}

TEST_F(ReplayOfChatMl, ToolResultsInAnotherOrderCostOnlyWhatFollows) {
    Json answer{{"role", "assistant"}, {"content", ""}, {"tool_calls", {call("a", "Bash", {{"command", "1"}}), call("b", "Bash", {{"command", "2"}})}}};
    const Served served = server.serve(messages);
    const auto tokens = spelled(tokenizer, "<tool_call>Bash</tool_call><tool_call>Bash</tool_call>");
    server.answer(served, answer, tokens);
    messages.push_back(answer);
    for (const char* id : {"b", "a"}) {
        messages.push_back(toolResult("a", id));
        EXPECT_TRUE(beginsWith(server.serve(messages).prompt, served.prompt + tokens));
        messages.erase(2);
    }
}

}  // namespace
}  // namespace larder::text
