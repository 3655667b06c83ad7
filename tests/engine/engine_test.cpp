// The engine with real tiny models: admission errors, answers, cancelling, and changing models on demand.
#include "engine/engine.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/engine/engine_house.h"
#include "tests/support/model_states.h"
#include "tests/support/temp_folder.h"

namespace larder {
namespace {

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
        EXPECT_EQ(support::stateOf(engine->status(), model), ModelState::Loaded);
    }
    EXPECT_EQ(answers[0], answers[2]);
    EXPECT_EQ(answers[1], answers[3]);
    EXPECT_EQ(engine->status().models.size(), 2u) << "there is room for both";
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

TEST(EngineWindow, WhereSettingsCutItTheRefusalNamesThem) {
    for (const bool byMemory : {false, true}) {
        Settings settings = tinySettings();
        if (byMemory) settings.hotCacheBytes = 3 * 64 * (*resolveModel("tiny_llama_f32", settings)).kvBytesPerToken;
        else settings.contextTokens = 100;
        const auto engine = std::move(*Engine::create(settings));
        ASSERT_TRUE(engine->load("tiny_llama_f32").ok());
        GenerationRequest request = greedy("tiny_llama_f32", 1);
        request.prompt.assign(engine->contextTokens(*engine->findModel("tiny_llama_f32")) + 1, 1);
        ASSERT_LT(request.prompt.size(), 512u) << "the window is cut";
        const Asked asked = ask(*engine, std::move(request));
        ASSERT_FALSE(asked.generation.ok());
        EXPECT_NE(asked.generation.error().message.find("can take 512: raise --context or --hot-cache"), std::string::npos)
            << asked.generation.error().message;
    }
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

TEST_F(EngineTest, CountersGoOnOverModels) {
    EngineStatus before;
    for (const char* model : {"tiny_llama_f32", "tiny_llama_q8_0", "tiny_llama_f32"}) {
        Asked asked = ask(*engine, greedy(model, 16));
        ASSERT_TRUE(asked.generation.ok());
        waitFor(*asked.events);
        const EngineStatus now = engine->status();
        EXPECT_EQ(now.total.generatedTokens, before.total.generatedTokens + 16);
        EXPECT_EQ(now.total.promptTokens, before.total.promptTokens + 5);
        EXPECT_EQ(now.total.computedPromptTokens + now.total.cachedTokens, before.total.computedPromptTokens + before.total.cachedTokens + 5);
        EXPECT_EQ(now.total.requests, before.total.requests + 1);
        EXPECT_EQ(now.total.firstTokens, before.total.firstTokens + 1);
        EXPECT_GT(now.total.prefillSeconds, before.total.prefillSeconds);
        EXPECT_GT(now.total.decodeSeconds, before.total.decodeSeconds);
        EXPECT_GT(now.lastTtftMs, 0);
        EXPECT_GT(now.total.ttftMs, before.total.ttftMs);
        before = now;
    }
}

TEST_F(EngineTest, UnloadsAfterWhatRunsAndLoadsAgainOnDemand) {
    ASSERT_TRUE(engine->load("tiny_llama_f32").ok());
    Asked asked = ask(*engine, greedy("tiny_llama_f32", 100));
    asked.events->wait();  // it runs
    base::Mailbox<bool> unloaded;
    engine->unload("", [&](Expected<void> done) { unloaded.post(done.ok()); });
    EXPECT_EQ(unloaded.wait(), std::vector<bool>{true});
    const EngineStatus status = engine->status();
    EXPECT_TRUE(status.models.empty());
    EXPECT_EQ(status.total.generatedTokens, 100u) << "the running answer was finished first";
    Asked later = ask(*engine, greedy("tiny_llama_f32", 3));
    EXPECT_EQ(waitFor(*later.events).tokens.size(), 3u);
    EXPECT_EQ(support::stateOf(engine->status(), "tiny_llama_f32"), ModelState::Loaded);
    // Nothing loaded is unloaded at once, twice if need be.
    for (int round = 0; round < 2; ++round) {
        engine->unload("", [&](Expected<void> done) { unloaded.post(done.ok()); });
        EXPECT_EQ(unloaded.wait(), std::vector<bool>{true});
    }
}

TEST_F(EngineTest, LoadsWithoutWaitingAndTellsItsObserver) {
    std::atomic<int> changes = 0;
    std::atomic<bool> sawProgress = false;
    engine->observe([&, observed = engine.get()] {
        ++changes;
        const ModelStatus model = support::modelOf(observed->status());
        if (model.state == ModelState::Loading && model.loadProgress > 0 && model.loadProgress <= 1) sawProgress = true;
    });
    base::Mailbox<bool> loaded;
    engine->load("tiny_llama_q4_0", [&](Expected<void> done) { loaded.post(done.ok()); });
    EXPECT_EQ(loaded.wait(), std::vector<bool>{true});
    EXPECT_TRUE(sawProgress);
    EXPECT_EQ(support::stateOf(engine->status()), ModelState::Loaded);
    const int before = changes;
    Asked asked = ask(*engine, greedy("tiny_llama_q4_0", 30));
    waitFor(*asked.events);
    EXPECT_GE(changes, before + 30);
    engine->load("no_such_model", [&](Expected<void> done) { loaded.post(done.ok()); });
    EXPECT_EQ(loaded.wait(), std::vector<bool>{false});
    engine.reset();  // it tells its observer to the end, and that counts into this test's variables
}

TEST(EngineStatusSource, OutlivesTheEngine) {
    auto engine = Engine::create(tinySettings());
    ASSERT_TRUE(engine.ok());
    Asked asked = ask(**engine, greedy("tiny_llama_f32", 4));
    waitFor(*asked.events);
    const auto source = (*engine)->statusSource();
    engine->reset();
    EXPECT_EQ(source().total.generatedTokens, 4u);
    EXPECT_EQ(source().runningSequences, 0u);
}

TEST(EngineModels, OneThatArrivesLaterIsServedWithoutARestart) {
    const support::TempFolder folder;
    Settings settings = tinySettings();
    settings.modelDir = folder / "models";
    auto engine = Engine::create(settings);
    ASSERT_TRUE(engine.ok());
    EXPECT_FALSE((*engine)->findModel("a").ok());
    std::filesystem::create_directories(folder / "models/org/name");
    EXPECT_FALSE((*engine)->findModel("a").ok());
    const auto part = folder / "models/org/name/.a.gguf.part";
    std::filesystem::copy_file(support::fixtureModel("tiny_llama_q4_0"), part);
    EXPECT_FALSE((*engine)->findModel("a").ok()) << "half a download is no model";
    std::filesystem::rename(part, folder / "models/org/name/a.gguf");
    ASSERT_TRUE((*engine)->findModel("a").ok());
    Asked asked = ask(**engine, greedy("a", 3));
    EXPECT_EQ(waitFor(*asked.events).tokens.size(), 3u);
}

TEST(EngineModels, ADefaultOutsideTheFolderSurvivesARefresh) {
    const support::TempFolder folder;
    std::filesystem::copy_file(support::fixtureModel("tiny_llama_q4_0"), folder / "outside.gguf");
    Settings settings = tinySettings();
    settings.defaultModel = (folder / "outside.gguf").string();
    auto engine = Engine::create(settings);
    ASSERT_TRUE(engine.ok()) << engine.error().message;
    (*engine)->refreshModels();
    const auto found = (*engine)->findModel("");
    ASSERT_TRUE(found.ok()) << found.error().message;
    EXPECT_EQ(found->name, "outside");
    settings.defaultModel = "tiny_llama_f32";
    (*engine)->apply(settings);
    EXPECT_EQ((*engine)->findModel("")->name, "tiny_llama_f32");
    settings.defaultModel = "nothing_like_that";
    (*engine)->apply(settings);
    EXPECT_EQ((*engine)->findModel("")->name, "tiny_llama_f32") << "stays as it was";
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
