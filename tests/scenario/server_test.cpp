// The whole server, over real sockets, with a real tiny model: many clients at once, clients that vanish, and what is left.
#include "engine/server.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "engine/base/thread.h"
#include "tests/support/fixtures.h"
#include "tests/support/raw_http_client.h"
#include "tests/support/temp_folder.h"

namespace larder {
namespace {

class ServerTest : public testing::Test {
protected:
    void SetUp() override {
        Settings settings;
        settings.baseDir = folder.path() / "base";
        settings.modelDir = support::fixturesFolder();
        settings.defaultModel = "tiny_llama_q4_0";
        settings.port = 0;
        settings.threads = 2;
        settings.hotCacheBytes = 32u << 20;
        settings.maxWaiting = 1000;
        auto started = Server::start(settings);
        ASSERT_TRUE(started.ok()) << started.error().message;
        server = std::move(*started);
    }

    std::string request(const std::string& body, const std::string& path = "/v1/completions") const {
        return "POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + server->apiKey() +
               "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    }

    void expectNothingLeft() const {
        EXPECT_TRUE(support::eventually([&] { return server->checkIntegrity().empty(); })) << server->checkIntegrity();
        EXPECT_TRUE(support::eventually([&] { return server->status().hotTier.leasedBytes == 0; }));
    }

    support::TempFolder folder;
    std::unique_ptr<Server> server;
};

TEST_F(ServerTest, TwoHundredStreamsFinish) {
    std::vector<std::unique_ptr<support::RawHttpClient>> clients;
    for (int index = 0; index < 200; ++index) {
        clients.push_back(std::make_unique<support::RawHttpClient>(server->port()));
        const std::string body = R"({"prompt":"Once )" + std::to_string(index % 10) +
                                 R"(","max_tokens":20,"temperature":0,"stream":true,"ignore_eos":true})";
        ASSERT_TRUE(clients.back()->send(request(body)));
    }
    std::vector<std::string> answers(10);
    for (int index = 0; index < 200; ++index) {
        const support::RawHttpReply reply = clients[static_cast<std::size_t>(index)]->readReply();
        EXPECT_EQ(reply.status, 200);
        EXPECT_TRUE(reply.complete);
        EXPECT_NE(reply.body.find("data: [DONE]"), std::string::npos);
        // Everyone who asked the same got the same, whoever else was in the batch.
        std::string text;
        for (std::size_t at = 0; (at = reply.body.find("\"text\":", at)) != std::string::npos; ++at)
            text += reply.body.substr(at, reply.body.find(",\"logprobs\"", at) - at);
        std::string& first = answers[static_cast<std::size_t>(index % 10)];
        if (first.empty()) first = text;
        EXPECT_EQ(text, first);
    }
    clients.clear();
    expectNothingLeft();
}

TEST_F(ServerTest, FiveHundredClientsThatVanishLeaveNothingBehind) {
    std::vector<std::unique_ptr<support::RawHttpClient>> clients;
    for (int index = 0; index < 500; ++index) {
        clients.push_back(std::make_unique<support::RawHttpClient>(server->port()));
        clients.back()->send(request(R"({"prompt":"Never ending","max_tokens":400,"stream":true,"ignore_eos":true})"));
        // A third waits for the first bytes of the running ones, the rest leaves earlier.
        if (index < 8) clients.back()->readUntil("data:");
        if (index % 2 == 0 && index >= 16) clients[static_cast<std::size_t>(index - 16)]->reset();
    }
    for (std::size_t index = 0; index < clients.size(); ++index) index % 2 == 0 ? clients[index]->reset() : clients[index]->close();
    expectNothingLeft();
    // and it still serves
    support::RawHttpClient client(server->port());
    client.send(request(R"({"prompt":"Hello","max_tokens":3,"ignore_eos":true})"));
    EXPECT_EQ(client.readReply().status, 200);
    client.close();
    expectNothingLeft();
}

// In every state a request can be in: not read yet, waiting, in its prompt, in its answer, beside others that go on.
TEST_F(ServerTest, AThousandAbortsAtRandomMomentsLeaveNothingBehind) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    constexpr int kAborts = 200;  // several times slower
#else
    constexpr int kAborts = 1000;
#endif
    std::mt19937 random(7);
    const auto below = [&random](std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random); };
    std::vector<std::unique_ptr<support::RawHttpClient>> clients;
    for (int index = 0; index < kAborts; ++index) {
        const std::string text = "Round " + std::to_string(below(40)) + std::string(below(400), 'a' + static_cast<char>(below(26)));
        const std::string stream = below(4) == 0 ? "false" : "true";
        const bool chat = below(2) == 0;
        const std::string body = (chat ? R"({"messages":[{"role":"user","content":")" + text + R"("}])" : R"({"prompt":")" + text + '"') +
                                 R"(,"max_tokens":300,"ignore_eos":true,"stream":)" + stream + "}";
        clients.push_back(std::make_unique<support::RawHttpClient>(server->port()));
        const std::string bytes = request(body, chat ? "/v1/chat/completions" : "/v1/completions");
        ASSERT_TRUE(clients.back()->send(below(8) == 0 ? bytes.substr(0, below(bytes.size())) : bytes));
        if (stream == "true" && below(20) == 0 && clients.size() < 4) clients.back()->readUntil("data:");
        while (clients.size() > below(12)) {
            const std::size_t which = below(clients.size());
            below(2) == 0 ? clients[which]->reset() : clients[which]->close();
            clients.erase(clients.begin() + static_cast<std::ptrdiff_t>(which));
        }
    }
    clients.clear();
    const auto ask = [&] {
        support::RawHttpClient client(server->port());
        client.send(request(R"({"prompt":"Hello","max_tokens":3,"ignore_eos":true})"));
        EXPECT_EQ(client.readReply().status, 200);
    };
    ask();  // connections are taken in order: all of those who left have been
    expectNothingLeft();
    const std::uint64_t steps = server->status().steps;
    ask();
    EXPECT_LE(server->status().steps, steps + 4) << "nothing of those who left is computed any more";
}

TEST_F(ServerTest, LogprobsOfACompletionAreTheSameAloneAndInACrowd) {
    const std::string body = R"({"prompt":[9,8,7,6,5,4,3,2,1],"max_tokens":8,"temperature":0,"logprobs":5,"ignore_eos":true})";
    const auto choices = [&](support::RawHttpClient& client) {
        const std::string text = client.readReply().body;
        return text.substr(text.find("\"choices\""), text.find("\"usage\"") - text.find("\"choices\""));
    };
    support::RawHttpClient alone(server->port());
    alone.send(request(body));
    const std::string expected = choices(alone);
    ASSERT_NE(expected.find("token_logprobs"), std::string::npos);
    std::vector<std::unique_ptr<support::RawHttpClient>> crowd;
    for (int index = 0; index < 8; ++index) {
        crowd.push_back(std::make_unique<support::RawHttpClient>(server->port()));
        crowd.back()->send(request(index == 3 ? body : R"({"prompt":"A stranger )" + std::to_string(index) + R"(","max_tokens":30})"));
    }
    EXPECT_EQ(choices(*crowd[3]), expected);
}

TEST_F(ServerTest, WhoClearsAllOfTheCacheMeansTheRememberedAnswersToo) {
    const auto answers = folder.path() / "base" / "replay.sqlite3";
    const auto ask = [&] {
        support::RawHttpClient client(server->port());
        client.send(request(R"({"messages":[{"role":"user","content":"Hello"}],"max_tokens":3})", "/v1/chat/completions"));
        EXPECT_EQ(client.readReply().status, 200);
    };
    ask();
    EXPECT_TRUE(support::eventually([&] { return std::filesystem::exists(answers); }));
    ASSERT_TRUE(server->engine().cache()->clear("", true).ok());
    EXPECT_TRUE(support::eventually([&] { return !std::filesystem::exists(answers); }));
    ask();
    EXPECT_TRUE(support::eventually([&] { return std::filesystem::exists(answers); }));
    // and while nobody serves
    server.reset();
    ASSERT_TRUE(std::filesystem::exists(answers));
    Settings settings;
    settings.baseDir = folder.path() / "base";
    auto offline = openCache(settings);
    ASSERT_TRUE(offline.ok()) << offline.error().message;
    ASSERT_TRUE((*offline)->clear("", true).ok());
    EXPECT_FALSE(std::filesystem::exists(answers));
}

TEST_F(ServerTest, ASecondServerOnTheSameBaseDirectoryIsRefused) {
    Settings settings;
    settings.baseDir = folder.path() / "base";
    settings.modelDir = support::fixturesFolder();
    settings.port = 0;
    const auto second = Server::start(settings);
    ASSERT_FALSE(second.ok());
    EXPECT_NE(second.error().message.find(server->address()), std::string::npos) << second.error().message;
    const auto running = findRunningServer(settings);
    ASSERT_TRUE(running.ok()) << running.error().message;
    EXPECT_EQ(running->address, server->address());
    EXPECT_EQ(running->apiKey, server->apiKey());
}

TEST(ServerStart, NeedsAKeyWhenOthersCanReachIt) {
    const support::TempFolder folder;
    Settings settings;
    settings.baseDir = folder.path();
    settings.modelDir = support::fixturesFolder();
    settings.host = "0.0.0.0";
    settings.port = 0;
    settings.requireApiKey = false;
    const auto server = Server::start(settings);
    ASSERT_FALSE(server.ok());
    EXPECT_NE(server.error().message.find("API key"), std::string::npos);
}

}  // namespace
}  // namespace larder
