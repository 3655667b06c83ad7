// An HttpReply without a socket: keeps what was written, lets a test wait for it, and can play a client that leaves.
// Any thread. Waits have no limit of their own: ctest's does.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "engine/api/http_server.h"

namespace larder::support {

class RecordingReply final : public api::HttpReply {
public:
    void send(int status, api::HttpHeaders headers, std::string body) override {
        std::lock_guard lock(m_mutex);
        if (m_status != 0) ++m_misuses;
        m_status = status;
        m_headers = std::move(headers);
        m_body = std::move(body);
        m_ended = true;
        m_changed.notify_all();
    }
    void begin(int status, api::HttpHeaders headers) override {
        std::lock_guard lock(m_mutex);
        if (m_status != 0) ++m_misuses;
        m_status = status;
        m_headers = std::move(headers);
        m_chunked = true;
        m_changed.notify_all();
    }
    void write(std::string bytes) override {
        std::lock_guard lock(m_mutex);
        if (!m_chunked || m_ended || bytes.empty()) ++m_misuses;
        m_body += bytes;
        ++m_writes;
        m_changed.notify_all();
    }
    void end() override {
        std::lock_guard lock(m_mutex);
        if (!m_chunked || m_ended) ++m_misuses;
        m_ended = true;
        m_changed.notify_all();
    }
    void onClientGone(std::function<void()> callback) override {
        bool atOnce = false;
        {
            std::lock_guard lock(m_mutex);
            atOnce = m_gone && callback;
            if (!atOnce) m_onClientGone = std::move(callback);
            m_changed.notify_all();
        }
        if (atOnce) callback();
    }

    void leave() {  // the client closes its connection
        std::function<void()> callback;
        {
            std::lock_guard lock(m_mutex);
            m_gone = true;
            callback = std::exchange(m_onClientGone, nullptr);
        }
        if (callback) callback();
    }

    void waitUntilEnded() {
        waitFor([this] { return m_ended; });
    }
    void waitUntilBegun() {
        waitFor([this] { return m_status != 0; });
    }
    void waitUntilBodyHas(std::string_view text) {
        waitFor([this, text] { return m_body.find(text) != std::string::npos; });
    }

    int status() const { return read(m_status); }
    std::string body() const { return read(m_body); }
    bool chunked() const { return read(m_chunked); }
    bool ended() const { return read(m_ended); }
    std::size_t writes() const { return read(m_writes); }
    int misuses() const { return read(m_misuses); }  // calls that HttpReply's contract forbids
    api::HttpHeaders headers() const { return read(m_headers); }
    std::string header(std::string_view name) const {
        for (const auto& [key, value] : headers())
            if (key == name) return value;
        return {};
    }

private:
    template <class T>
    T read(const T& field) const {
        std::lock_guard lock(m_mutex);
        return field;
    }
    template <class Condition>
    void waitFor(Condition condition) {
        std::unique_lock lock(m_mutex);
        m_changed.wait(lock, condition);
    }

    mutable std::mutex m_mutex;
    std::condition_variable m_changed;
    std::function<void()> m_onClientGone;
    api::HttpHeaders m_headers;
    std::string m_body;
    std::size_t m_writes = 0;
    int m_status = 0;
    int m_misuses = 0;
    bool m_chunked = false;
    bool m_ended = false;
    bool m_gone = false;
};

}  // namespace larder::support
