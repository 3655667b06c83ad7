// Tool calls through the whole of serveChat, over a scripted engine: parsed, coerced, forced, and remembered for the next turn.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "engine/base/guarded.h"
#include "tests/api/api_house.h"

namespace larder::api {
namespace {

const std::string kTools =
    R"("tools":[{"type":"function","function":{"name":"wait","parameters":{"type":"object","properties":{)"
    R"("seconds":{"type":"integer"},"why":{"type":"string"}},"required":["seconds"]}}}])";
const std::string kUser = R"({"role":"user","content":"x"})";
const std::string kCall = "<tool_call>\n{\"name\": \"wait\", \"arguments\": {\"why\": \"so\", \"seconds\": \"5\"}}\n</tool_call>";

std::string chatBody(const std::string& messages, const std::string& more = {}) {
    return R"({"messages":[)" + messages + "]," + kTools + more + "}";
}

// A test double: what is put is found.
class MapStore final : public ReplayStore {
public:
    std::optional<ReplayRecord> find(const std::string& key) override {
        return m_records.with([&](const auto& records) -> std::optional<ReplayRecord> {
            const auto found = records.find(key);
            if (found == records.end()) return std::nullopt;
            return found->second;
        });
    }
    void put(const std::string& key, ReplayRecord record) override {
        m_records.with([&](auto& records) { records[key] = std::move(record); });
    }
    std::size_t size() const {
        return m_records.with([](const auto& records) { return records.size(); });
    }

private:
    base::Guarded<std::map<std::string, ReplayRecord>> m_records;
};

class ToolCalls : public ::testing::Test {
protected:
    ToolCalls() : house(settings(store)) { house.generator.setContextTokens(100'000); }

    static RoutesSettings settings(MapStore& store) {
        RoutesSettings settings = ApiHouse::plainSettings();
        settings.replay = &store;
        return settings;
    }
    void answerWith(const std::string& text) {
        house.generator.answerWith([text](const GenerationRequest&) { return answerEvents(byteTokens(text)); });
    }
    base::Json ask(const std::string& body) {
        const auto reply = house.answer("/v1/chat/completions", body);
        EXPECT_EQ(reply->status(), 200) << reply->body();
        return parsed(reply->body())["choices"][0];
    }
    std::vector<TokenId> lastPrompt() const { return house.generator.requests().back().prompt; }

    MapStore store;
    ApiHouse house;
};

TEST_F(ToolCalls, ArriveWithArgumentsOfTheSchemasTypes) {
    answerWith("I wait.\n" + kCall);
    const base::Json choice = ask(chatBody(kUser));
    EXPECT_EQ(choice["finish_reason"], "tool_calls");
    EXPECT_EQ(choice["message"]["content"], "I wait.");
    const base::Json& call = choice["message"]["tool_calls"][0];
    EXPECT_EQ(call["function"]["arguments"], R"({"why":"so","seconds":5})");
    EXPECT_THAT(call["id"].get<std::string>(), ::testing::MatchesRegex("call_[0-9a-f]{24}"));
    EXPECT_NE(ask(chatBody(kUser))["message"]["tool_calls"][0]["id"], call["id"]) << "never the same twice";
}

TEST_F(ToolCalls, AreTextWhereNoneWereOffered) {
    answerWith(kCall);
    const base::Json choice = ask(R"({"messages":[)" + kUser + "]}");
    EXPECT_EQ(choice["message"]["content"], kCall);
    EXPECT_EQ(choice["finish_reason"], "stop");
    EXPECT_EQ(ask(chatBody(kUser, R"(,"tool_choice":"none")"))["message"]["content"], kCall);
}

TEST_F(ToolCalls, WhatDoesNotParseIsText) {
    const std::string broken = "<tool_call>\n{\"name\": \"wait\", nonsense}\n</tool_call>";
    answerWith(broken);
    EXPECT_EQ(ask(chatBody(kUser))["message"]["content"], broken);
}

TEST_F(ToolCalls, EndTheAnswerAfterTheFirstWhereOnlyOneIsWanted) {
    answerWith(kCall + "\n" + kCall);
    EXPECT_EQ(ask(chatBody(kUser))["message"]["tool_calls"].size(), 2u);
    EXPECT_EQ(ask(chatBody(kUser, R"(,"parallel_tool_calls":false)"))["message"]["tool_calls"].size(), 1u);
    house.generator.waitUntilNoneLives();
}

TEST_F(ToolCalls, ForcedOnesComeWithAConstraint) {
    answerWith(kCall);
    ask(chatBody(kUser));
    EXPECT_EQ(house.generator.requests().back().constraint, nullptr);
    for (const char* choice : {R"("required")", R"({"type":"function","function":{"name":"wait"}})"}) {
        ask(chatBody(kUser, std::string(R"(,"tool_choice":)") + choice));
        EXPECT_NE(house.generator.requests().back().constraint, nullptr) << choice;
    }
    ask(R"({"messages":[)" + kUser + R"(],"response_format":{"type":"json_object"}})");
    EXPECT_NE(house.generator.requests().back().constraint, nullptr);
}

TEST_F(ToolCalls, ASchemaThatCannotBeKeptToIsRefusedOrSaid) {
    answerWith("{}");
    const auto body = [](const char* strict) {
        return R"({"messages":[)" + kUser + R"(],"response_format":{"type":"json_schema","json_schema":{"name":"n","strict":)" + strict +
               R"(,"schema":{"type":"object","properties":{"a":{"type":"string","pattern":"x+"}}}}}})";
    };
    const auto refused = house.answer("/v1/chat/completions", body("true"));
    EXPECT_EQ(refused->status(), 400);
    EXPECT_THAT(errorMessage(*refused), ::testing::HasSubstr("pattern"));
    const auto said = house.answer("/v1/chat/completions", body("false"));
    EXPECT_EQ(said->status(), 200) << said->body();
    EXPECT_THAT(said->header("Larder-Ignored-Schema-Keywords"), ::testing::HasSubstr("pattern"));
}

// The tokens that were sampled, although the client brings the call back in another shape.
TEST_F(ToolCalls, AreContinuedAsTheyWereSampled) {
    const std::vector<TokenId> sampled = byteTokens(kCall);
    answerWith(kCall);
    const base::Json call = ask(chatBody(kUser))["message"]["tool_calls"][0];
    std::vector<TokenId> known = lastPrompt();
    known.insert(known.end(), sampled.begin(), sampled.end());
    const std::string id = call["id"].get<std::string>();
    const std::string back = R"({"role":"assistant","content":null,"tool_calls":[{"id":")" + id +
                             R"(","type":"function","function":{"name":"wait","arguments":"{\"seconds\": 5, \"why\": \"so\"}"}}]})";
    const std::string result = R"({"role":"tool","tool_call_id":")" + id + R"(","content":"done"})";
    ask(chatBody(kUser + "," + back + "," + result));
    const std::vector<TokenId> next = lastPrompt();
    ASSERT_GT(next.size(), known.size());
    EXPECT_TRUE(std::equal(known.begin(), known.end(), next.begin()));
    EXPECT_EQ(store.size(), 2u);
    house.answer("/v1/chat/completions", chatBody(kUser, R"(,"cache":{"no_store":true})"));
    EXPECT_EQ(store.size(), 2u) << "nothing is kept of what must not be";
}

TEST_F(ToolCalls, IdsAreNeverPartOfThePrompt) {
    answerWith("ok");
    std::set<std::vector<TokenId>> prompts;
    for (const std::string id : {"a", "toolu_0123"}) {
        const std::string back = R"({"role":"assistant","tool_calls":[{"id":")" + id +
                                 R"(","type":"function","function":{"name":"wait","arguments":"{}"}}]})";
        ask(chatBody(kUser + "," + back + R"(,{"role":"tool","tool_call_id":")" + id + R"(","content":"done"})"));
        prompts.insert(lastPrompt());
    }
    EXPECT_EQ(prompts.size(), 1u);
}

// Where the next conversation with the same tools and instructions leaves this one.
TEST_F(ToolCalls, TheFrontThatConversationsShareIsTold) {
    answerWith("ok");
    const std::string system = R"({"role":"system","content":"Be brief."},)";
    std::vector<std::vector<TokenId>> prompts;
    std::vector<std::size_t> fronts;
    for (const char* text : {"first", "x", "another one"}) {
        ask(chatBody(system + R"({"role":"user","content":")" + text + R"("})"));
        prompts.push_back(lastPrompt());
        ASSERT_EQ(house.generator.requests().back().branchPositions.size(), 1u);
        fronts.push_back(house.generator.requests().back().branchPositions[0]);
    }
    const auto common = static_cast<std::size_t>(
        std::mismatch(prompts[0].begin(), prompts[0].end(), prompts[1].begin(), prompts[1].end()).first - prompts[0].begin());
    EXPECT_EQ(fronts[0], fronts[1]);
    EXPECT_EQ(fronts[0], fronts[2]) << "the same when it is found by its text";
    EXPECT_GT(fronts[0], 200u) << "tools and system text";
    EXPECT_LE(fronts[0], common);
    EXPECT_GE(fronts[0] + 1, common);
}

TEST_F(ToolCalls, WhatIsAskedBesideAConversationIsMarked) {
    answerWith("ok");
    ask(chatBody(kUser));
    EXPECT_FALSE(house.generator.requests().back().aside);
    ask(R"({"messages":[)" + kUser + R"(],"tools":[]})");
    EXPECT_TRUE(house.generator.requests().back().aside);
    EXPECT_EQ(house.generator.requests().back().priority, Priority::Background);
    const auto askAs = [&](const std::string& path, const std::string& body, const HttpHeaders& headers) {
        const auto reply = house.answer(ApiHouse::request("POST", path, body, headers));
        EXPECT_EQ(reply->status(), 200) << reply->body();
        EXPECT_EQ(house.generator.requests().back().priority, Priority::Interactive) << "the user waits for it";
        return house.generator.requests().back().aside;
    };
    const std::string anthropic = R"({"model":"tiny","max_tokens":5,"messages":[)" + kUser + "]}";
    EXPECT_TRUE(askAs("/v1/messages", anthropic, {{"x-claude-code-agent-id", "a1"}}));
    EXPECT_FALSE(askAs("/v1/messages", anthropic, {}));
    EXPECT_TRUE(askAs("/v1/responses", R"({"input":"x"})", {{"x-openai-subagent", "collab_spawn"}}));
    EXPECT_FALSE(askAs("/v1/responses", R"({"input":"x"})", {}));
}

}  // namespace
}  // namespace larder::api
