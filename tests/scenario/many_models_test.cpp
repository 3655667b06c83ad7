// Several models behind one port, over real sockets: side by side, in turns where memory is short, and what clients are told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/base/json.h"
#include "engine/server.h"
#include "tests/scenario/service_house.h"
#include "tests/support/fixtures.h"
#include "tests/support/raw_http_client.h"
#include "tests/support/temp_folder.h"

namespace larder {
namespace {

using testing::HasSubstr;

class ManyModelsServer : public testing::Test {
protected:
    void SetUp() override {
        settings.baseDir = folder / "base";
        settings.modelDir = support::fixturesFolder();
        settings.port = 0;
        settings.threads = 2;
        settings.hotCacheBytes = 32u << 20;
        settings.useHuggingFaceCache = false;
    }
    void start() {
        auto started = Server::start(settings);
        ASSERT_TRUE(started.ok()) << started.error().message;
        server = std::move(*started);
    }
    std::string request(const std::string& path, const std::string& body) const {
        return (body.empty() ? "GET " : "POST ") + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + server->apiKey() +
               "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    }
    support::RawHttpReply ask(const std::string& path, const std::string& body = "") const {
        support::RawHttpClient client(server->port());
        EXPECT_TRUE(client.send(request(path, body)));
        return client.readReply();
    }
    base::Json json(const std::string& path, const std::string& body = "") const {
        const support::RawHttpReply reply = ask(path, body);
        EXPECT_EQ(reply.status, 200) << reply.body;
        return *base::parseJson(reply.body);
    }
    std::string stateOf(const std::string& model) const { return json("/v1/models/" + model)["state"].get<std::string>(); }

    support::TempFolder folder;
    Settings settings;
    std::unique_ptr<Server> server;
};

std::string completion(const std::string& model, int tokens, const std::string& more = "") {
    return R"({"model":")" + model + R"(","prompt":"Once upon a time","temperature":0,"ignore_eos":true,"max_tokens":)" +
           std::to_string(tokens) + more + "}";
}

TEST_F(ManyModelsServer, StreamsOfOneGoOnWhileAnotherIsLoadedAndAnswers) {
    start();
    std::vector<std::unique_ptr<support::RawHttpClient>> streams;
    for (int index = 0; index < 200; ++index) {
        streams.push_back(std::make_unique<support::RawHttpClient>(server->port()));
        ASSERT_TRUE(streams.back()->send(request("/v1/completions", completion("tiny_llama_f32", 450, R"(,"stream":true)"))));
    }
    streams.front()->readUntil("data:");
    const base::Json other = json("/v1/completions", completion("tiny_llama_q8_0", 5));
    EXPECT_EQ(other["usage"]["completion_tokens"], 5);
    EXPECT_GT(other["timings"]["load_ms"], 0);
    const EngineStatus status = server->status();
    EXPECT_GT(status.runningSequences + status.waitingSequences, 0u) << "the streams were not waited for";
    EXPECT_EQ(stateOf("tiny_llama_f32"), "loaded");
    EXPECT_EQ(stateOf("tiny_llama_q8_0"), "loaded");
    EXPECT_EQ(stateOf("tiny_llama_f16"), "unloaded");
    for (auto& stream : streams) EXPECT_THAT(stream->readUntil("data: [DONE]"), HasSubstr("data: [DONE]"));
    EXPECT_TRUE(support::eventually([&] { return server->checkIntegrity().empty(); })) << server->checkIntegrity();
}

TEST_F(ManyModelsServer, TakeTurnsWhereTheWeightsOfOneFit) {
    settings.modelMemoryBytes = 200'000;
    start();
    std::vector<std::unique_ptr<support::RawHttpClient>> clients;
    const char* models[] = {"tiny_llama_f32", "tiny_llama_f16", "tiny_llama_q8_0"};
    for (int index = 0; index < 30; ++index) {
        clients.push_back(std::make_unique<support::RawHttpClient>(server->port()));
        ASSERT_TRUE(clients.back()->send(request("/v1/completions", completion(models[index % 3], 30))));
    }
    std::vector<std::string> texts(3);
    for (std::size_t index = 0; index < clients.size(); ++index) {
        const support::RawHttpReply reply = clients[index]->readReply();
        ASSERT_EQ(reply.status, 200) << reply.body;
        const base::Json body = *base::parseJson(reply.body);
        EXPECT_EQ(body["model"], models[index % 3]);
        const auto text = body["choices"][0]["text"].get<std::string>();
        if (texts[index % 3].empty()) texts[index % 3] = text;
        EXPECT_EQ(text, texts[index % 3]);
    }
    EXPECT_TRUE(support::eventually([&] { return server->checkIntegrity().empty(); })) << server->checkIntegrity();
}

TEST_F(ManyModelsServer, NoRoomBesidePinnedOnesIsA503WithTheNumbers) {
    settings.modelMemoryBytes = 200'000;
    settings.pinnedModels = {"tiny_llama_f32"};
    settings.defaultModel = "tiny_llama_f32";
    start();
    const support::RawHttpReply refused = ask("/v1/completions", completion("tiny_llama_f16", 5));
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(refused.header("retry-after"), "2");
    EXPECT_THAT(refused.body, HasSubstr("tiny_llama_f16 needs 146 KB for its weights"));
    EXPECT_THAT(refused.body, HasSubstr("unpin tiny_llama_f32"));
    EXPECT_EQ(stateOf("tiny_llama_f16"), "failed");
    EXPECT_EQ(json("/v1/models/tiny_llama_f16")["failure"], (*base::parseJson(refused.body))["error"]["message"]);
    EXPECT_EQ(json("/health")["status"], "ok") << "another one is served";
    EXPECT_EQ(ask("/v1/completions", completion("tiny_llama_f32", 5)).status, 200);
}

TEST_F(ManyModelsServer, UsageAndTimingsAreTheSameEverywhere) {
    settings.defaultModel = "tiny_llama_f32";
    start();
    std::string words;
    for (int index = 0; index < 150; ++index) words += static_cast<char>('a' + index * 7 % 26);
    const std::string text = R"("prompt":")" + words + '"', messages = R"("messages":[{"role":"user","content":")" + words + R"("}])";
    const std::string rest = R"(,"max_tokens":4,"temperature":0,"ignore_eos":true)";
    struct Row {
        const char* path;
        std::string fields;
    };
    for (const Row& row : {Row{"/v1/completions", text + rest}, Row{"/v1/chat/completions", messages + rest + R"(,"tools":[])"}}) {
        const base::Json first = json(row.path, "{" + row.fields + "}");
        const base::Json again = json(row.path, "{" + row.fields + R"(,"priority":"background"})");
        EXPECT_EQ(first["timings"]["cached_tokens"], first["usage"]["prompt_tokens_details"]["cached_tokens"]);
        const int prompt = again["usage"]["prompt_tokens"], cached = again["usage"]["prompt_tokens_details"]["cached_tokens"];
        EXPECT_GE(cached, 128);
        EXPECT_EQ(again["timings"]["cached_tokens"], cached);
        EXPECT_EQ(again["timings"]["computed_tokens"], prompt - cached);
        EXPECT_EQ(again["timings"]["followed_tokens"], 0);
        EXPECT_EQ(again["timings"]["load_ms"], 0);
        const std::string stream =
            ask(row.path, "{" + row.fields + R"(,"stream":true,"stream_options":{"include_usage":true}})").body;
        EXPECT_THAT(stream, HasSubstr(R"("cached_tokens":)" + std::to_string(cached) + R"(,"followed_tokens":0)"));
        EXPECT_THAT(stream, HasSubstr(R"("prompt_tokens_details":{"cached_tokens":)" + std::to_string(cached)));
    }
}

TEST_F(ServiceTest, PinsAreStoredAndHold) {
    settings.modelMemoryBytes = 150'000;  // one of the two
    create();
    start();
    Answered<void> pinned, unknown, first, second, unpinned, third;
    service->pinModel("tiny_llama_q4_0", true, pinned.reply());
    EXPECT_TRUE(pinned.wait().ok());
    EXPECT_EQ(loadSettings(settings.baseDir)->pinnedModels, std::vector<std::string>{"tiny_llama_q4_0"});
    service->pinModel("nothing", true, unknown.reply());
    EXPECT_EQ(unknown.wait().error().code, ErrorCode::NotFound);
    service->loadModel("tiny_llama_q4_0", first.reply());
    EXPECT_TRUE(first.wait().ok());
    service->loadModel("tiny_llama_q8_0", second.reply());
    EXPECT_THAT(second.wait().error().message, HasSubstr("unpin tiny_llama_q4_0"));
    waitFor([](const ServiceSnapshot& now) { return now.notices.size() == 1; });
    EXPECT_EQ(service->snapshot().notices.front().kind, Notice::Kind::ModelFailed);
    service->pinModel("tiny_llama_q4_0", false, unpinned.reply());
    EXPECT_TRUE(unpinned.wait().ok());
    EXPECT_FALSE(service->snapshot().restartNeeded);
    service->loadModel("tiny_llama_q8_0", third.reply());
    EXPECT_TRUE(third.wait().ok());
    const ServiceSnapshot now = service->snapshot();
    ASSERT_EQ(now.engine.models.size(), 1u);
    EXPECT_EQ(now.engine.models.front().name, "tiny_llama_q8_0");
}

}  // namespace
}  // namespace larder
