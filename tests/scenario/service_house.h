// What every test of the real service needs: a temp folder with two tiny models, a service on it, and ways to wait for it.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "engine/base/mailbox.h"
#include "engine/service.h"
#include "tests/support/fixtures.h"
#include "tests/support/temp_folder.h"

namespace larder {

// Waits for what a verb replies.
template <class T>
class Answered {
public:
    Reply<T> reply() {
        return [box = m_box](Expected<T> result) { box->post(std::move(result)); };
    }
    Expected<T> wait() {
        auto results = m_box->wait();
        EXPECT_EQ(results.size(), 1u) << "each reply exactly once";
        return std::move(results.front());
    }
    std::size_t more() { return m_box->take().size(); }

private:
    std::shared_ptr<base::Mailbox<Expected<T>>> m_box = std::make_shared<base::Mailbox<Expected<T>>>();
};

class ServiceTest : public testing::Test {
protected:
    void SetUp() override {
        settings.baseDir = folder / "base";
        settings.modelDir = folder / "models";
        settings.port = 0;
        settings.threads = 2;
        settings.hotCacheBytes = 16u << 20;
        settings.useHuggingFaceCache = false;
        settings.lowDiskBytes = 0;
        std::filesystem::create_directories(settings.modelDir);
        std::filesystem::create_directories(settings.baseDir);
        for (const char* name : {"tiny_llama_q4_0", "tiny_llama_q8_0"})
            std::filesystem::copy_file(support::fixtureModel(name), settings.modelDir / (std::string(name) + ".gguf"));
    }

    void create() {
        service = Service::create(settings, [this] {
            ++changes;
            changed.post(0);
        });
    }

    // Waits on the observer, as the window does.
    void waitFor(const std::function<bool(const ServiceSnapshot&)>& reached) {
        while (!reached(service->snapshot())) (void)changed.wait();
    }
    void waitFor(ServerState state) {
        waitFor([state](const ServiceSnapshot& now) { return now.server == state; });
    }
    void start() {
        service->startServer();
        waitFor(ServerState::Running);
    }

    std::uint16_t port() const {
        const std::string address = service->snapshot().address;
        return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
    }
    std::string request(const std::string& body) const {
        return "POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + service->snapshot().apiKey +
               "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    }

    support::TempFolder folder;
    Settings settings;
    std::atomic<int> changes{0};
    base::Mailbox<int> changed;
    std::unique_ptr<Service> service;
};

}  // namespace larder
