// The real service, as the window drives it: a temp folder, tiny models, sockets; no network.
#include "engine/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "engine/load_guard.h"
#include "engine/server.h"
#include "tests/scenario/service_house.h"
#include "tests/support/model_states.h"
#include "tests/support/raw_http_client.h"

namespace larder {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

TEST_F(ServiceTest, ShowsModelsAndSettingsBeforeAnythingIsStarted) {
    create();
    waitFor([](const ServiceSnapshot& now) { return now.modelsKnown; });
    const ServiceSnapshot now = service->snapshot();
    ASSERT_EQ(now.models->size(), 2u);
    EXPECT_EQ(now.models->front().name, "tiny_llama_q4_0");
    EXPECT_EQ(now.server, ServerState::Stopped);
    EXPECT_EQ(now.settings, settings);
    EXPECT_EQ(support::stateOf(now.engine), ModelState::Unloaded);
    EXPECT_TRUE(now.downloads->empty());
    EXPECT_TRUE(now.notices.empty());
    EXPECT_EQ(now.apiKey, "") << "not made yet";
    EXPECT_FALSE(fs::exists(settings.baseDir / "api-key"));
    waitFor([](const ServiceSnapshot& look) { return look.machine.memoryBytes > 0 && look.processMemoryBytes > 0; });
}

TEST_F(ServiceTest, StartsStopsAndRestartsTwentyTimes) {
    create();
    for (int round = 0; round < 20; ++round) {
        start();
        ServiceSnapshot now = service->snapshot();
        EXPECT_GT(now.runningSinceUnixMs, 0);
        EXPECT_EQ(now.apiKey.size(), 64u);
        EXPECT_TRUE(findRunningServer(settings).ok());
        if (round % 2 == 0) {
            service->restartServer();
            service->stopServer();
            service->startServer();
            Answered<void> inOrder;
            service->unloadModel("", inOrder.reply());
            EXPECT_TRUE(inOrder.wait().ok());
            EXPECT_EQ(service->snapshot().server, ServerState::Running);
        }
        service->stopServer();
        waitFor(ServerState::Stopped);
        now = service->snapshot();
        EXPECT_EQ(now.runningSinceUnixMs, 0);
        EXPECT_FALSE(findRunningServer(settings).ok());
    }
    EXPECT_TRUE(service->snapshot().notices.empty());
}

TEST_F(ServiceTest, APortInUseIsToldAndASecondTryWorks) {
    Settings other = settings;
    other.baseDir = folder / "other";
    auto blocker = Server::start(other);
    ASSERT_TRUE(blocker.ok()) << blocker.error().message;
    settings.port = (*blocker)->port();
    create();
    service->startServer();
    waitFor(ServerState::Failed);
    waitFor([](const ServiceSnapshot& look) { return !look.notices.empty(); });
    const ServiceSnapshot now = service->snapshot();
    EXPECT_THAT(now.failure, HasSubstr(std::to_string(settings.port)));
    EXPECT_EQ(now.notices.front().kind, Notice::Kind::ServerFailed);
    EXPECT_EQ(now.notices.front().number, 1u);
    Answered<void> loaded;
    service->loadModel("tiny_llama_q4_0", loaded.reply());
    EXPECT_EQ(loaded.wait().error().code, ErrorCode::AddressInUse);
    blocker->reset();
    start();
    EXPECT_EQ(service->snapshot().failure, "");
    EXPECT_EQ(port(), settings.port);
}

TEST_F(ServiceTest, LoadsStartingTheServerAndUnloads) {
    create();
    Answered<void> loaded, unloaded, unknown;
    service->loadModel("tiny_llama_q8_0", loaded.reply());
    EXPECT_TRUE(loaded.wait().ok());
    ServiceSnapshot now = service->snapshot();
    EXPECT_EQ(now.server, ServerState::Running);
    EXPECT_EQ(support::modelOf(now.engine).name, "tiny_llama_q8_0");
    EXPECT_EQ(support::stateOf(now.engine), ModelState::Loaded);
    service->unloadModel("", unloaded.reply());
    EXPECT_TRUE(unloaded.wait().ok());
    EXPECT_EQ(support::stateOf(service->snapshot().engine), ModelState::Unloaded);
    service->loadModel("no_such_model", unknown.reply());
    EXPECT_EQ(unknown.wait().error().code, ErrorCode::NotFound);
}

TEST_F(ServiceTest, RequestsRaiseTheCountersAndTellTheObserver) {
    settings.defaultModel = "tiny_llama_q4_0";
    create();
    start();
    waitFor([](const ServiceSnapshot& now) { return support::stateOf(now.engine) == ModelState::Loaded; });
    const int before = changes;
    for (std::uint64_t round = 1; round <= 3; ++round) {
        support::RawHttpClient client(port());
        client.send(request(R"({"prompt":"Hello you","max_tokens":20,"ignore_eos":true})"));
        EXPECT_EQ(client.readReply().status, 200);
        const EngineStatus engine = service->snapshot().engine;
        EXPECT_EQ(engine.total.firstTokens, round);
        EXPECT_EQ(engine.total.generatedTokens, 20 * round);
        EXPECT_GT(engine.lastTtftMs, 0);
    }
    EXPECT_GE(changes, before + 60);
    // Without another request the rates go back to nothing, and the observer hears of it.
    waitFor([](const ServiceSnapshot& now) {
        return now.engine.prefillTokensPerSecond == 0 && now.engine.decodeTokensPerSecond == 0;
    });
    service->stopServer();
    waitFor(ServerState::Stopped);
    EXPECT_EQ(service->snapshot().engine.total.generatedTokens, 0u) << "counted since the server started";
}

TEST_F(ServiceTest, TotalsGoOnOverRestarts) {
    create();
    EXPECT_EQ(service->snapshot().allTime.counters.requests, 0u);
    const auto askOnce = [this] {
        support::RawHttpClient client(port());
        client.send(request(R"({"model":"tiny_llama_q4_0","prompt":"Hello you","max_tokens":20,"ignore_eos":true})"));
        EXPECT_EQ(client.readReply().status, 200);
    };
    for (std::uint64_t round = 1; round <= 3; ++round) {
        start();
        EXPECT_EQ(service->snapshot().allTime.counters.generatedTokens, 20 * (round - 1));
        askOnce();
        const ServiceSnapshot now = service->snapshot();
        EXPECT_EQ(now.engine.total.generatedTokens, 20u);
        EXPECT_EQ(now.allTime.counters.generatedTokens, 20 * round);
        ASSERT_EQ(now.allTime.models.size(), 1u);
        EXPECT_EQ(now.allTime.models[0].counters.requests, round);
        service->stopServer();
        waitFor(ServerState::Stopped);
        EXPECT_EQ(service->snapshot().allTime.counters.generatedTokens, 20 * round) << "kept while no server runs";
        Answered<std::vector<UsageHour>> hours;
        service->usageByHour(0, hours.reply());
        const auto rows = hours.wait();
        ASSERT_TRUE(rows.ok()) << rows.error().message;
        std::uint64_t sum = 0;
        for (const UsageHour& row : *rows) sum += row.counters.generatedTokens;
        EXPECT_EQ(sum, 20 * round);
    }
    service.reset();
    create();
    waitFor([](const ServiceSnapshot& now) { return now.allTime.counters.generatedTokens == 60; });
    start();
    askOnce();
    Answered<std::vector<UsageHour>> hours;
    service->usageByHour(0, hours.reply());
    EXPECT_GE(hours.wait()->size(), 1u) << "what is not written yet is there too";
}

TEST_F(ServiceTest, VerbsOfTheCacheAreAnswered) {
    settings.coldCacheBytes = 0;
    create();
    for (const bool running : {false, true}) {
        if (running) start();
        Answered<CacheListing> listing;
        Answered<void> pinned;
        Answered<CacheCleared> cleared;
        Answered<CacheVerified> verified;
        service->listCache(listing.reply());
        service->pinCached("00", true, pinned.reply());
        service->clearCache("", false, cleared.reply());
        service->verifyCache(verified.reply());
        EXPECT_FALSE(pinned.wait().ok());
        if (running) {
            EXPECT_EQ(listing.wait().error().code, ErrorCode::Unavailable);
            EXPECT_THAT(cleared.wait().error().message, HasSubstr("turned off"));
            EXPECT_EQ(verified.wait().error().code, ErrorCode::Unavailable);
        }
    }
}

TEST_F(ServiceTest, PlansAnAgentOnTheModelsThereAre) {
    settings.contextTokens = 300;
    create();
    waitFor([](const ServiceSnapshot& now) { return now.modelsKnown; });
    start();
    Answered<void> loaded;
    service->loadModel("tiny_llama_q8_0", loaded.reply());
    ASSERT_TRUE(loaded.wait().ok());
    const AgentServer server = agentServer(service->snapshot());
    EXPECT_EQ(server.keyFile, settings.baseDir / "api-key");
    ASSERT_EQ(server.models.size(), 2u);
    EXPECT_EQ(server.models[0].name, "tiny_llama_q8_0") << "the loaded one comes first";
    EXPECT_EQ(server.models[0].contextTokens, 300u);

    Answered<AgentPlan> planned;
    service->planAgent("claude", "tiny_llama_q4_0", folder.path(), planned.reply());
    const auto plan = planned.wait();
    ASSERT_TRUE(plan.ok());
    EXPECT_EQ(plan->model.name, "tiny_llama_q4_0");
    for (const AgentVariable& variable : plan->environment) {
        if (variable.name == "ANTHROPIC_BASE_URL") {
            EXPECT_EQ(variable.value, service->snapshot().address);
        }
        if (variable.name == "ANTHROPIC_AUTH_TOKEN") {
            EXPECT_EQ(variable.value, service->snapshot().apiKey);
        }
    }
    Answered<AgentPlan> unknown;
    service->planAgent("claude", "other", {}, unknown.reply());
    EXPECT_EQ(unknown.wait().error().code, ErrorCode::NotFound);
}

TEST_F(ServiceTest, RemovesALoadedModelAfterItsStreamsAndForgetsItAsDefault) {
    settings.defaultModel = "tiny_llama_q4_0";
    create();
    start();
    support::RawHttpClient client(port());
    client.send(request(R"({"model":"tiny_llama_q4_0","prompt":"Hello","max_tokens":200,"stream":true,"ignore_eos":true})"));
    client.readUntil("data:");
    Answered<void> removed;
    service->removeModel("tiny_llama_q4_0", removed.reply());
    EXPECT_THAT(client.readUntil("data: [DONE]"), HasSubstr("data: [DONE]"));
    const auto result = removed.wait();
    EXPECT_TRUE(result.ok()) << result.error().message;
    EXPECT_FALSE(fs::exists(settings.modelDir / "tiny_llama_q4_0.gguf"));
    waitFor([](const ServiceSnapshot& now) { return now.models->size() == 1; });
    EXPECT_EQ(service->snapshot().settings.defaultModel, "");
    Answered<void> again;
    service->removeModel("tiny_llama_q4_0", again.reply());
    EXPECT_EQ(again.wait().error().code, ErrorCode::NotFound);
    // and the server still serves the other one
    support::RawHttpClient other(port());
    other.send(request(R"({"model":"tiny_llama_q8_0","prompt":"Hello","max_tokens":3,"ignore_eos":true})"));
    EXPECT_EQ(other.readReply().status, 200);
}

TEST_F(ServiceTest, SavesSettingsAndSaysWhenARestartIsNeeded) {
    create();
    start();
    const auto save = [&](const Settings& changedSettings) {
        Answered<void> saved;
        service->saveSettings(changedSettings, saved.reply());
        return saved.wait();
    };
    Settings wanted = settings;
    wanted.appearance = "dark";
    wanted.defaultModel = "tiny_llama_q8_0";
    ASSERT_TRUE(save(wanted).ok());
    EXPECT_FALSE(service->snapshot().restartNeeded);
    EXPECT_EQ(service->snapshot().settings, wanted);
    EXPECT_EQ(loadSettings(settings.baseDir)->appearance, "dark");
    // The new default model answers what names none.
    support::RawHttpClient client(port());
    client.send(request(R"({"prompt":"Hello","max_tokens":3,"ignore_eos":true})"));
    EXPECT_EQ(client.readReply().status, 200);
    EXPECT_EQ(support::modelOf(service->snapshot().engine).name, "tiny_llama_q8_0");

    wanted.maxRunning = 3;
    ASSERT_TRUE(save(wanted).ok());
    EXPECT_TRUE(service->snapshot().restartNeeded);
    wanted.maxRunning = settings.maxRunning;
    ASSERT_TRUE(save(wanted).ok());
    EXPECT_FALSE(service->snapshot().restartNeeded) << "back to what runs";
    wanted.maxRunning = 3;
    ASSERT_TRUE(save(wanted).ok());
    service->restartServer();
    waitFor([](const ServiceSnapshot& now) { return now.server == ServerState::Running && !now.restartNeeded; });

    Settings wrong = wanted;
    wrong.downloadConnections = 1000;
    const auto refused = save(wrong);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::InvalidArgument);
    EXPECT_EQ(service->snapshot().settings, wanted);
}

TEST_F(ServiceTest, ARenewedKeyWorksAfterTheRestart) {
    create();
    start();
    const std::string before = service->snapshot().apiKey;
    Answered<std::string> renewed;
    service->renewApiKey(renewed.reply());
    const auto key = renewed.wait();
    ASSERT_TRUE(key.ok());
    EXPECT_NE(*key, before);
    EXPECT_EQ(service->snapshot().apiKey, before) << "the one that works now";
    EXPECT_TRUE(service->snapshot().restartNeeded);
    service->restartServer();
    waitFor([&](const ServiceSnapshot& now) { return now.server == ServerState::Running && now.apiKey == *key; });
    EXPECT_FALSE(service->snapshot().restartNeeded);
}

TEST_F(ServiceTest, AModelThatCrashedIsNotLoadedByItself) {
    settings.defaultModel = "tiny_llama_q4_0";
    {
        LoadGuard guard(settings.baseDir);
        guard.begin(settings.modelDir / "tiny_llama_q4_0.gguf");
    }
    create();
    start();
    ServiceSnapshot now = service->snapshot();
    EXPECT_THAT(now.engine.warning, HasSubstr("tiny_llama_q4_0 was not loaded"));
    EXPECT_EQ(support::stateOf(now.engine), ModelState::Unloaded);
    support::RawHttpClient client(port());
    client.send(request(R"({"prompt":"Hello","max_tokens":3})"));
    const auto refused = client.readReply();
    EXPECT_EQ(refused.status, 503);
    EXPECT_THAT(refused.body, HasSubstr("load it by hand"));
    Answered<void> loaded;
    service->loadModel("tiny_llama_q4_0", loaded.reply());
    EXPECT_TRUE(loaded.wait().ok());
    EXPECT_EQ(service->snapshot().engine.warning, "");
}

TEST_F(ServiceTest, AMissingDefaultModelIsAWarningNotAFailure) {
    settings.defaultModel = "deleted_by_hand";
    create();
    start();
    EXPECT_THAT(service->snapshot().engine.warning, HasSubstr("deleted_by_hand"));
}

TEST_F(ServiceTest, AModelThatCannotBeLoadedIsReportedOnce) {
    settings.hotCacheBytes = 1;  // no room for one block
    settings.defaultModel = "tiny_llama_q4_0";
    create();
    service->startServer();
    waitFor([](const ServiceSnapshot& now) { return !now.notices.empty(); });
    const ServiceSnapshot now = service->snapshot();
    EXPECT_EQ(now.server, ServerState::Running);
    EXPECT_EQ(now.notices.front().kind, Notice::Kind::ModelFailed);
    EXPECT_THAT(now.notices.front().text, HasSubstr("tiny_llama_q4_0"));
    EXPECT_EQ(support::stateOf(now.engine), ModelState::Failed);
    for (int again = 0; again < 3; ++again) {
        Answered<void> loaded;
        service->loadModel("tiny_llama_q4_0", loaded.reply());
        EXPECT_EQ(loaded.wait().error().code, ErrorCode::OutOfMemory);
    }
    EXPECT_EQ(service->snapshot().notices.size(), 1u);
}

TEST_F(ServiceTest, LowDiskIsReportedOnce) {
    settings.lowDiskBytes = std::uint64_t{1} << 60;
    create();
    start();
    waitFor([](const ServiceSnapshot& now) { return !now.notices.empty(); });
    EXPECT_EQ(service->snapshot().notices.front().kind, Notice::Kind::LowDisk);
    Answered<void> saved;
    Settings same = settings;
    same.appearance = "light";
    service->saveSettings(same, saved.reply());  // looks at the disk again
    EXPECT_TRUE(saved.wait().ok());
    Answered<void> unloaded;
    service->unloadModel("", unloaded.reply());
    EXPECT_TRUE(unloaded.wait().ok());
    EXPECT_EQ(service->snapshot().notices.size(), 1u);
}

}  // namespace
}  // namespace larder
