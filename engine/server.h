// Engine and HTTP API in one object: what `larder serve` and the tray app start and stop.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/error.h"
#include "engine/settings.h"
#include "engine/status.h"

namespace larder {

class Server {
public:
    // Takes the base directory's lock, makes the key, loads the default model if one is set, opens the port, writes
    // server.json. Blocks until it listens. Errors are one sentence: port in use, second server on the same base
    // directory, model missing, no key for a non-loopback host, disk full.
    static Expected<std::unique_ptr<Server>> start(const Settings& settings);
    ~Server();  // stops accepting, cancels, joins; bounded in time

    std::string address() const;  // "http://127.0.0.1:1337"
    std::uint16_t port() const;
    const std::string& apiKey() const;  // empty with requireApiKey off
    EngineStatus status() const;

    // Empty, or what is left over although nothing runs: sockets, request threads, KV blocks.
    std::string checkIntegrity() const;

private:
    struct Inner;
    explicit Server(std::unique_ptr<Inner> inner);
    std::unique_ptr<Inner> m_inner;
};

// The server that runs on this base directory, from server.json, if one holds the lock. Any thread; no network.
struct RunningServer {
    std::string address;
    std::string apiKey;
    std::int64_t processId = 0;
};
Expected<RunningServer> findRunningServer(const Settings& settings);  // NotFound: nobody runs

}  // namespace larder
