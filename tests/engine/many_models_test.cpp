// Several real tiny models in one engine: side by side, loaded while others answer, making room, idle, pinned.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/engine/engine_house.h"

namespace larder {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kF32 = "tiny_llama_f32";
constexpr const char* kF16 = "tiny_llama_f16";
constexpr const char* kQ8 = "tiny_llama_q8_0";

class ManyModels : public testing::Test {
protected:
    void SetUp() override { settings = tinySettings(); }
    void TearDown() override {
        gate.close();
        engine.reset();
    }

    void create() {
        EngineSurroundings surroundings;
        surroundings.now = [this] { return std::chrono::steady_clock::time_point(std::chrono::minutes(minutes)); };
        surroundings.loading = [this](const std::string& model, double) {
            if (model != gated) return;
            atGate.post(0);
            gate.wait();  // for good once it is closed
        };
        if (freeBytes > 0)
            surroundings.machine = [this] {
                Machine machine;
                machine.memoryBytes = 4 * freeBytes;
                machine.availableMemoryBytes = freeBytes;
                return machine;
            };
        auto created = Engine::create(settings, surroundings);
        ASSERT_TRUE(created.ok()) << created.error().message;
        engine = std::move(*created);
        engine->observe([this] { changed.post(0); });
    }

    // Waits on the observer.
    void until(const std::function<bool()>& reached) {
        while (!reached()) changed.wait();
    }
    std::vector<std::string> loaded() const {
        std::vector<std::string> names;
        for (const ModelStatus& model : engine->status().models)
            if (model.state == ModelState::Loaded) names.push_back(model.name);
        return names;
    }
    Outcome answer(const std::string& model, std::size_t tokens = 3) {
        Asked asked = ask(*engine, greedy(model, tokens));
        return waitFor(*asked.events);
    }
    Expected<void> unload(const std::string& model) {
        const auto answers = std::make_shared<Answers>();
        engine->unload(model, into(answers));
        return answers->wait().front();
    }
    // Everything asked so far was seen to; the second answer comes after all that followed the first.
    void settle() {
        for (int round = 0; round < 2; ++round) (void)unload("tiny_llama_odd");
    }

    std::atomic<int> minutes{1};
    std::size_t freeBytes = 0;  // 0: the real machine
    std::string gated;          // a load of this model stops after its first tensor
    base::Mailbox<int> atGate, gate;
    base::Mailbox<int> changed;
    Settings settings;
    std::unique_ptr<Engine> engine;
};

TEST_F(ManyModels, AnswerSideBySide) {
    create();
    const std::vector<TokenId> alone32 = answer(kF32, 20).tokens, alone16 = answer(kF16, 20).tokens;
    EXPECT_THAT(loaded(), ElementsAre(kF16, kF32));
    std::vector<Asked> many;
    for (int index = 0; index < 60; ++index) many.push_back(ask(*engine, greedy(kF32, 500)));
    until([&] { return statusOf(*engine, kF32).runningSequences > 0; });
    EXPECT_EQ(answer(kF16, 20).tokens, alone16);
    const ModelStatus other = statusOf(*engine, kF32);
    EXPECT_GT(other.runningSequences + other.waitingSequences, 0u) << "nobody waits for another model's requests";
    const Outcome first = waitFor(*many.front().events);
    ASSERT_GE(first.tokens.size(), alone32.size());
    EXPECT_TRUE(std::equal(alone32.begin(), alone32.end(), first.tokens.begin()));
    many.clear();
    until([&] { return engine->checkIntegrity().empty() && engine->status().runningSequences == 0; });
    EXPECT_GE(engine->status().total.generatedTokens, 560u);
}

TEST_F(ManyModels, OneLoadsWhileAnotherAnswers) {
    gated = kF16;
    create();
    ASSERT_TRUE(engine->load(kF32).ok());
    Asked waiting = ask(*engine, greedy(kF16, 3));
    atGate.wait();
    until([&] { return statusOf(*engine, kF16).waitingSequences == 1; });
    EXPECT_EQ(statusOf(*engine, kF16).state, ModelState::Loading);
    EXPECT_GT(statusOf(*engine, kF16).loadProgress, 0);
    EXPECT_EQ(engine->status().modelWaitSequences, 1u);
    EXPECT_EQ(engine->status().waitingSequences, 1u);
    const Outcome meanwhile = answer(kF32, 50);
    ASSERT_TRUE(meanwhile.finished);
    EXPECT_EQ(meanwhile.tokens.size(), 50u);
    EXPECT_EQ(meanwhile.finished->timings.loadMs, 0);
    gate.close();
    const Outcome late = waitFor(*waiting.events);
    ASSERT_TRUE(late.finished);
    EXPECT_GT(late.finished->timings.loadMs, 0);
    EXPECT_GE(late.finished->timings.queueMs, 0);
    EXPECT_EQ(engine->status().modelWaitSequences, 0u);
    EXPECT_EQ(answer(kF16).finished->timings.loadMs, 0) << "it is loaded now";
}

TEST_F(ManyModels, CancellingAWaitForALoadIsQuickAndTheLoadGoesOn) {
    gated = kF16;
    create();
    {
        Asked waiting = ask(*engine, greedy(kF16, 3));
        atGate.wait();
    }
    until([&] { return engine->checkIntegrity().empty(); });  // the gate is still closed
    EXPECT_EQ(engine->status().waitingSequences, 0u);
    EXPECT_EQ(statusOf(*engine, kF16).state, ModelState::Loading);
    gate.close();
    until([&] { return statusOf(*engine, kF16).state == ModelState::Loaded; });
}

TEST_F(ManyModels, LoadsOfSeveralFollowOneAnother) {
    gated = kF16;
    create();
    const auto answers = std::make_shared<Answers>();
    for (const char* model : {kF16, kF32, kQ8, kF16}) engine->load(model, into(answers));
    atGate.wait();
    settle();
    EXPECT_EQ(answers->take().size(), 0u);
    gate.close();
    std::size_t done = 0;
    while (done < 4)
        for (const Expected<void>& each : answers->wait()) done += each.ok() ? 1 : 100;
    EXPECT_EQ(done, 4u);
    EXPECT_THAT(loaded(), ElementsAre(kF16, kF32, kQ8));
}

TEST_F(ManyModels, TheLeastRecentlyUsedMakesRoom) {
    settings.modelMemoryBytes = 340'000;  // two of the three
    create();
    answer(kF32);
    answer(kF16);
    minutes = 2;
    answer(kF32);
    minutes = 3;
    EXPECT_TRUE(answer(kQ8).finished);
    EXPECT_THAT(loaded(), ElementsAre(kF32, kQ8));
    minutes = 4;
    EXPECT_TRUE(answer(kF16).finished);
    EXPECT_THAT(loaded(), ElementsAre(kF16, kQ8));
    EXPECT_EQ(engine->status().total.requests, 5u) << "counters of those that left stay";
}

TEST_F(ManyModels, CountersAreKeptByModelAndAddUp) {
    create();
    (void)answer(kF32, 3);
    (void)answer(kF16, 4);
    (void)answer(kF32, 5);  // its prompt is known by now
    ASSERT_TRUE(unload(kF32).ok());
    (void)answer(kF32, 6);
    (void)answer(kF16, 7);
    ASSERT_TRUE(engine->load(kQ8).ok());
    ASSERT_TRUE(unload("").ok());
    const EngineStatus status = engine->status();
    ASSERT_EQ(status.usage.size(), 2u) << "one that answered nothing has no numbers";
    EXPECT_EQ(status.usage[0].model, kF16);
    EXPECT_EQ(status.usage[0].counters.requests, 2u);
    EXPECT_EQ(status.usage[0].counters.generatedTokens, 11u);
    EXPECT_EQ(status.usage[1].model, kF32);
    EXPECT_EQ(status.usage[1].counters.requests, 3u);
    EXPECT_EQ(status.usage[1].counters.generatedTokens, 14u);
    EXPECT_EQ(status.usage[1].counters.promptTokens, 15u);
    EXPECT_GT(status.usage[1].counters.cachedTokens, 0u);
    EXPECT_EQ(status.usage[1].ttft.count(), 3u);
    UsageCounters sum;
    TtftHistogram times;
    for (const ModelUsage& model : status.usage) {
        sum.add(model.counters);
        times.add(model.ttft);
        EXPECT_EQ(model.ttft.count(), model.counters.firstTokens);
    }
    EXPECT_EQ(status.total, sum);
    EXPECT_EQ(status.ttft, times);
    const auto source = engine->statusSource();
    engine.reset();
    EXPECT_EQ(source().usage[1].counters, status.usage[1].counters) << "the last look is not another one";
}

TEST_F(ManyModels, PinnedOnesStayAndTheErrorHasTheNumbers) {
    settings.modelMemoryBytes = 340'000;
    settings.pinnedModels = {kF32};
    create();
    answer(kF32);
    answer(kF16);
    EXPECT_TRUE(statusOf(*engine, kF32).pinned);
    EXPECT_FALSE(statusOf(*engine, kF16).pinned);
    minutes = 2;
    answer(kQ8);
    EXPECT_THAT(loaded(), ElementsAre(kF32, kQ8)) << "the pinned one is the least recently used";

    ASSERT_TRUE(engine->pin(kQ8, true).ok());
    EXPECT_EQ(engine->pin("no_such_model", true).error().code, ErrorCode::NotFound);
    const Outcome refused = answer(kF16);
    ASSERT_TRUE(refused.error);
    EXPECT_EQ(refused.error->code, ErrorCode::OutOfMemory);
    EXPECT_THAT(refused.error->message, HasSubstr("tiny_llama_f16 needs 146 KB for its weights"));
    EXPECT_THAT(refused.error->message, HasSubstr("may take 340 KB (--model-memory)"));
    EXPECT_THAT(refused.error->message, HasSubstr("unpin tiny_llama_f32 and tiny_llama_q8_0"));
    EXPECT_EQ(engine->load(kF16).error().message, refused.error->message) << "the same rule by hand";
    until([&] { return statusOf(*engine, kF16).state == ModelState::Failed; });
    EXPECT_EQ(statusOf(*engine, kF16).failure, refused.error->message);
    EXPECT_THAT(loaded(), ElementsAre(kF32, kQ8));

    EXPECT_TRUE(unload(kF32).ok()) << "by hand also a pinned one";
    EXPECT_TRUE(answer(kF16).finished);
    EXPECT_THAT(loaded(), ElementsAre(kF16, kQ8));
    ASSERT_TRUE(engine->pin(kQ8, false).ok());
    minutes = 3;
    answer(kF16);
    EXPECT_TRUE(answer(kF32).finished);
    EXPECT_THAT(loaded(), ElementsAre(kF16, kF32));
}

TEST_F(ManyModels, TooLittleMemoryIsSaidBeforeLoading) {
    freeBytes = 50'000'000;
    settings.hotCacheBytes.reset();
    create();
    const Outcome refused = answer(kF32);
    ASSERT_TRUE(refused.error);
    EXPECT_EQ(refused.error->code, ErrorCode::OutOfMemory);
    EXPECT_THAT(refused.error->message, HasSubstr("but 50 MB are free, no other model can be unloaded"));
}

TEST_F(ManyModels, TheHotTierFollowsTheRule) {
    freeBytes = 400'000'000;
    settings.hotCacheBytes.reset();
    create();
    ASSERT_TRUE(engine->load(kF32).ok());
    EXPECT_EQ(engine->status().hotTier.limitBytes, 200'000'000u) << "a quarter of 1.6 GB is more than half of what is free";
}

// Who arrives for a model that has to make room waits behind the one it makes room for.
TEST_F(ManyModels, NobodyIsOvertakenWhereModelsTakeTurns) {
    settings.modelMemoryBytes = 200'000;  // one at a time
    create();
    ASSERT_TRUE(engine->load(kF32).ok());
    const auto order = std::make_shared<base::Mailbox<std::string>>();
    std::vector<Expected<Generation>> handles;
    const auto submit = [&](const std::string& label, const char* model, std::size_t tokens) {
        handles.push_back(engine->submit(greedy(model, tokens), [order, label](GenerationEvent event) {
            if (std::holds_alternative<GenerationFinished>(event)) order->post(label);
            if (const auto* error = std::get_if<Error>(&event)) order->post(error->message);
        }));
        ASSERT_TRUE(handles.back().ok());
    };
    submit("first", kF32, 500);
    submit("other", kF16, 3);
    submit("behind", kF32, 3);
    submit("last", kF16, 3);
    std::vector<std::string> seen;
    while (seen.size() < 4)
        for (std::string& label : order->wait()) seen.push_back(label);
    // The last one may slip in while its model is there, unless somebody waits for the room: then not.
    EXPECT_THAT(seen, ElementsAre("first", "other", "behind", "last"));
    EXPECT_THAT(loaded(), ElementsAre(kF16));
}

TEST_F(ManyModels, IdleOnesAreUnloadedByTheClock) {
    settings.idleUnloadMinutes = 10;
    settings.pinnedModels = {kQ8};
    create();
    for (const char* model : {kF32, kF16, kQ8}) answer(model);
    minutes = 10;
    settle();
    EXPECT_THAT(loaded(), ElementsAre(kF16, kF32, kQ8)) << "nine minutes";
    answer(kF16);
    minutes = 12;
    settle();
    until([&] { return loaded().size() == 2; });
    EXPECT_THAT(loaded(), ElementsAre(kF16, kQ8));
    minutes = 1000;
    settle();
    until([&] { return loaded().size() == 1; });
    EXPECT_THAT(loaded(), ElementsAre(kQ8)) << "pinned";
    EXPECT_TRUE(answer(kF32).finished) << "on demand again";

    settings.idleUnloadMinutes = 0;
    engine->apply(settings);
    settle();
    minutes = 9999;
    settle();
    EXPECT_THAT(loaded(), ElementsAre(kF32, kQ8));
}

TEST_F(ManyModels, OneIsUnloadedByNameAndTheOthersStay) {
    create();
    answer(kF32);
    Asked running = ask(*engine, greedy(kF16, 200));
    running.events->wait();
    EXPECT_TRUE(unload(kF16).ok());
    EXPECT_THAT(loaded(), ElementsAre(kF32));
    EXPECT_EQ(engine->status().total.generatedTokens, 203u) << "what ran was finished first";
    EXPECT_EQ(statusOf(*engine, kF16).state, ModelState::Unloaded);
    EXPECT_TRUE(unload("").ok());
    EXPECT_TRUE(loaded().empty());
}

TEST_F(ManyModels, AnUnloadWaitsForThoseAheadOnly) {
    gated = kF16;
    create();
    Asked ahead = ask(*engine, greedy(kF16, 3));
    atGate.wait();
    const auto answers = std::make_shared<Answers>();
    engine->unload("", into(answers));
    Asked behind = ask(*engine, greedy(kF16, 3));
    gate.close();
    EXPECT_TRUE(waitFor(*ahead.events).finished);
    EXPECT_TRUE(answers->wait().front().ok());
    EXPECT_TRUE(waitFor(*behind.events).finished) << "loads it again";
    EXPECT_THAT(loaded(), ElementsAre(kF16));
}

TEST_F(ManyModels, WhatAnUnloadedModelKnewIsKept) {
    create();
    GenerationRequest request = greedy(kF32, 8);
    request.prompt.clear();
    for (TokenId token = 0; token < 200; ++token) request.prompt.push_back(3 + token % 250);
    request.logitsHash = true;
    Asked before = ask(*engine, request);
    const Outcome first = waitFor(*before.events);
    ASSERT_TRUE(first.finished);
    EXPECT_EQ(first.finished->cachedTokens, 0u);
    answer(kF16);  // a tenant in between
    ASSERT_TRUE(unload("").ok());
    EXPECT_GT(engine->status().hotTier.cachedBytes, 0u);
    Asked after = ask(*engine, request);
    const Outcome second = waitFor(*after.events);
    ASSERT_TRUE(second.finished);
    EXPECT_GE(second.finished->cachedTokens, 192u);
    EXPECT_GT(second.finished->timings.loadMs, 0);
    EXPECT_EQ(second.tokens, first.tokens);
    EXPECT_EQ(second.logitsHashes, first.logitsHashes);
}

}  // namespace
}  // namespace larder
