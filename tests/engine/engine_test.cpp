// The engine with real tiny models: admission errors, answers, cancelling, and changing models on demand.
#include "engine/engine.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/mailbox.h"
#include "tests/support/fixtures.h"

namespace larder {
namespace {

using Events = base::Mailbox<GenerationEvent>;

Settings tinySettings() {
    Settings settings;
    settings.modelDir = support::fixturesFolder();
    settings.threads = 2;
    settings.hotCacheBytes = 16u << 20;
    return settings;
}

GenerationRequest greedy(const std::string& model, std::size_t maxTokens) {
    GenerationRequest request;
    request.model = model;
    request.prompt = {1, 2, 3, 4, 5};
    request.sampling.temperature = 0;
    request.maxTokens = maxTokens;
    return request;
}

struct Outcome {
    std::vector<TokenId> tokens;
    std::optional<GenerationFinished> finished;
    std::optional<Error> error;
};

Outcome waitFor(Events& events) {
    Outcome outcome;
    while (!outcome.finished && !outcome.error) {
        for (GenerationEvent& event : events.wait()) {
            if (auto* token = std::get_if<GeneratedToken>(&event)) outcome.tokens.push_back(token->token);
            if (auto* finished = std::get_if<GenerationFinished>(&event)) outcome.finished = *finished;
            if (auto* error = std::get_if<Error>(&event)) outcome.error = *error;
        }
    }
    return outcome;
}

struct Asked {
    std::shared_ptr<Events> events = std::make_shared<Events>();
    Expected<Generation> generation = Generation();
};

Asked ask(Engine& engine, GenerationRequest request) {
    Asked asked;
    asked.generation = engine.submit(std::move(request), [events = asked.events](GenerationEvent event) { events->post(std::move(event)); });
    return asked;
}

class EngineTest : public testing::Test {
protected:
    void SetUp() override {
        auto created = Engine::create(tinySettings());
        ASSERT_TRUE(created.ok()) << created.error().message;
        engine = std::move(*created);
    }
    std::unique_ptr<Engine> engine;
};

TEST_F(EngineTest, AnswersAndCountsTokens) {
    Asked asked = ask(*engine, greedy("tiny_llama_f32", 12));
    ASSERT_TRUE(asked.generation.ok());
    const Outcome outcome = waitFor(*asked.events);
    ASSERT_TRUE(outcome.finished);
    EXPECT_EQ(outcome.tokens.size(), 12u);
    EXPECT_EQ(outcome.finished->promptTokens, 5u);
    EXPECT_EQ(outcome.finished->reason, FinishReason::Length);
}

TEST_F(EngineTest, ChangesModelsOnDemandAndGivesTheSameAnswerAgain) {
    std::vector<std::vector<TokenId>> answers;
    for (const char* model : {"tiny_llama_f32", "tiny_llama_q8_0", "tiny_llama_f32", "tiny_llama_q8_0"}) {
        Asked asked = ask(*engine, greedy(model, 16));
        ASSERT_TRUE(asked.generation.ok());
        answers.push_back(waitFor(*asked.events).tokens);
        EXPECT_EQ(engine->status().model, model);
    }
    EXPECT_EQ(answers[0], answers[2]);
    EXPECT_EQ(answers[1], answers[3]);
    EXPECT_EQ(engine->status().modelState, ModelState::Loaded);
}

TEST_F(EngineTest, RequestsForAnotherModelWaitTheirTurn) {
    std::vector<Asked> asked;
    for (int round = 0; round < 3; ++round)
        for (const char* model : {"tiny_llama_f32", "tiny_llama_q4_0"}) asked.push_back(ask(*engine, greedy(model, 40)));
    for (Asked& each : asked) {
        ASSERT_TRUE(each.generation.ok());
        EXPECT_EQ(waitFor(*each.events).tokens.size(), 40u);
    }
}

TEST_F(EngineTest, RefusesWhatCannotWorkInOneSentence) {
    const auto refusal = [&](GenerationRequest request) {
        Asked asked = ask(*engine, std::move(request));
        if (!asked.generation) return asked.generation.error();
        const Outcome outcome = waitFor(*asked.events);
        return outcome.error.value_or(Error{ErrorCode::Internal, "was accepted"});
    };
    GenerationRequest request = greedy("no_such_model", 1);
    EXPECT_EQ(refusal(request).code, ErrorCode::NotFound);
    EXPECT_NE(refusal(request).message.find("tiny_llama_f32"), std::string::npos) << "lists what there is";
    request = greedy("tiny_llama_f32", 1);
    request.prompt.clear();
    EXPECT_EQ(refusal(request).code, ErrorCode::InvalidArgument);
    request.prompt.assign(100000, 1);
    EXPECT_EQ(refusal(request).code, ErrorCode::ContextExceeded);
    EXPECT_TRUE(refusal(request).message.starts_with("Prompt too long: 100000 tokens exceeds max context window of "));
    for (const TokenId outside : {-1, 1 << 20}) {
        request.prompt = {1, outside};
        EXPECT_EQ(refusal(request).code, ErrorCode::InvalidArgument);
    }
    EXPECT_EQ(engine->checkIntegrity(), "");
}

TEST_F(EngineTest, ADroppedHandleLeavesNothingBehind) {
    for (int round = 0; round < 20; ++round) {
        Asked asked = ask(*engine, greedy("tiny_llama_f32", 0));
        Asked other = ask(*engine, greedy("tiny_llama_q4_0", 0));
        ASSERT_TRUE(asked.generation.ok());
        if (round % 2 == 0) asked.events->wait();
        // both handles die here
    }
    Asked last = ask(*engine, greedy("tiny_llama_f32", 3));
    EXPECT_EQ(waitFor(*last.events).tokens.size(), 3u);
}

TEST_F(EngineTest, APromptThatFillsTheWindowIsServedAndEndsWithLength) {
    GenerationRequest request = greedy("tiny_llama_f32", 1000);
    const auto model = engine->findModel("tiny_llama_f32");
    ASSERT_TRUE(model.ok());
    request.prompt.assign(engine->contextTokens(*model) - 2, 7);
    Asked asked = ask(*engine, request);
    ASSERT_TRUE(asked.generation.ok());
    const Outcome outcome = waitFor(*asked.events);
    ASSERT_TRUE(outcome.finished);
    EXPECT_EQ(outcome.finished->reason, FinishReason::Length);
    EXPECT_LE(outcome.tokens.size(), 3u);
    EXPECT_GE(outcome.tokens.size(), 1u);
}

TEST(EngineShutdown, TellsEveryoneWhoWaits) {
    auto engine = Engine::create(tinySettings());
    ASSERT_TRUE(engine.ok());
    std::vector<Asked> asked;
    for (int index = 0; index < 20; ++index) asked.push_back(ask(**engine, greedy(index % 2 ? "tiny_llama_f32" : "tiny_llama_f16", 0)));
    engine->reset();
    for (Asked& each : asked) {
        ASSERT_TRUE(each.generation.ok());
        const Outcome outcome = waitFor(*each.events);
        EXPECT_TRUE(outcome.error || outcome.finished);
    }
}

TEST(EngineQueue, IsBounded) {
    Settings settings = tinySettings();
    settings.maxRunning = 1;
    settings.maxWaiting = 2;
    auto engine = Engine::create(settings);
    ASSERT_TRUE(engine.ok());
    std::vector<Asked> asked;
    std::size_t refused = 0;
    for (int index = 0; index < 6; ++index) {
        asked.push_back(ask(**engine, greedy("tiny_llama_f32", 0)));
        if (!asked.back().generation) {
            EXPECT_EQ(asked.back().generation.error().code, ErrorCode::Overloaded);
            ++refused;
        }
    }
    EXPECT_GE(refused, 1u);
}

}  // namespace
}  // namespace larder
