// The service while a hub is slow or odd, and at its end: every reply is given, once.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/server.h"
#include "tests/scenario/service_house.h"

namespace larder {
namespace {

namespace fs = std::filesystem;
using ServiceEndTest = ServiceTest;

// Takes connections and never answers.
class SilentHub {
public:
    SilentHub() {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (::bind(m_socket, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(m_socket, 16) != 0 ||
            ::getsockname(m_socket, reinterpret_cast<sockaddr*>(&address), &size) != 0)
            std::abort();
        m_port = ntohs(address.sin_port);
    }
    ~SilentHub() { ::close(m_socket); }
    std::string endpoint() const { return "http://127.0.0.1:" + std::to_string(m_port); }
    int acceptClient() { return ::accept(m_socket, nullptr, nullptr); }

private:
    const int m_socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    std::uint16_t m_port = 0;
};

TEST_F(ServiceEndTest, ASlowHubDelaysNeitherAStopNorTheEnd) {
    SilentHub hub;
    settings.hubEndpoint = hub.endpoint();
    create();
    start();
    Answered<Repository> listed, queued;
    Answered<std::vector<SearchResult>> first, second;
    service->listRepository("org/name", "main", listed.reply());
    service->listRepository("org/other", "main", queued.reply());
    service->searchRepositories("first", first.reply());
    const int one = hub.acceptClient(), two = hub.acceptClient();  // both ask, and wait
    service->searchRepositories("second", second.reply());
    EXPECT_EQ(first.wait().error().code, ErrorCode::Cancelled) << "a newer search took its place";
    service->stopServer();
    waitFor(ServerState::Stopped);
    service.reset();
    EXPECT_EQ(listed.wait().error().code, ErrorCode::Unavailable);
    EXPECT_EQ(queued.wait().error().code, ErrorCode::Unavailable);
    EXPECT_EQ(second.wait().error().code, ErrorCode::Unavailable);
    EXPECT_EQ(listed.more() + queued.more() + first.more() + second.more(), 0u);
    ::close(one);
    ::close(two);
}

TEST_F(ServiceEndTest, WhatTheHubRefusesComesThroughTheReply) {
    Settings other = settings;
    other.baseDir = folder / "other";
    auto notAHub = Server::start(other);  // knows no such path
    ASSERT_TRUE(notAHub.ok());
    settings.hubEndpoint = (*notAHub)->address();
    create();
    Answered<Repository> listed;
    service->listRepository("org/name", "main", listed.reply());
    const auto result = listed.wait();
    ASSERT_FALSE(result.ok());
    EXPECT_NE(result.error().message, "");
    Answered<void> token;
    service->saveHubToken("hf_secret", token.reply());
    EXPECT_TRUE(token.wait().ok());
    EXPECT_TRUE(hasHubToken(settings));
}

TEST_F(ServiceEndTest, EndingAnswersWhatIsOwedExactlyOnce) {
    for (int round = 0; round < 10; ++round) {
        std::vector<Answered<void>> owed(6);
        Answered<std::string> key;
        create();
        if (round % 2 == 0) service->startServer();
        service->loadModel("tiny_llama_q4_0", owed[0].reply());
        service->loadModel("tiny_llama_q8_0", owed[1].reply());
        service->unloadModel("", owed[2].reply());
        service->loadModel("tiny_llama_q4_0", owed[3].reply());
        service->saveSettings(settings, owed[4].reply());
        service->removeModel("nothing", owed[5].reply());
        service->renewApiKey(key.reply());
        if (round % 3 == 0) (void)owed[0].wait();
        service.reset();
        for (std::size_t index = round % 3 == 0 ? 1 : 0; index < owed.size(); ++index) EXPECT_EQ(owed[index].more(), 1u) << index;
        EXPECT_EQ(key.more(), 1u);
    }
    EXPECT_FALSE(fs::exists(settings.baseDir / "loading.json")) << "a load given up is no crash";
}

}  // namespace
}  // namespace larder
