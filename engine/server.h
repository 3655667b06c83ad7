// Engine and HTTP API in one object: what `larder serve` and the tray app start and stop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/error.h"
#include "engine/requests.h"
#include "engine/settings.h"
#include "engine/status.h"
#include "engine/usage.h"

namespace larder {

// What a starting server does about the default model. Only ByHand takes one that crashed Larder while loading it; the
// others start without it, log why and show it as EngineStatus::warning.
enum class FirstLoad {
    Wait,        // start() returns when it is loaded, or with its Error
    ByHand,      // the same, because the user asked for this very model just now
    Background,  // start() returns when the port is open; EngineStatus tells of the load. A missing model is a warning
    Nothing,     // loaded when the first request needs it. A missing model is a warning
};

struct ServerStart {
    FirstLoad firstLoad = FirstLoad::Wait;
    std::function<void()> observer = {};    // see Engine::observe; also called when requests() changed
    std::function<bool()> stopAsked = {};   // asked a few times a second while waiting; true ends start() with Cancelled
    EngineSurroundings surroundings = {};   // of the engine; tests put theirs there
};

class Server {
public:
    // Takes the base directory's lock, makes the key, opens the port, loads the default model if one is set, writes
    // server.json. Blocks until it listens. Errors are one sentence: port in use, second server on the same base
    // directory, model missing, no key for a non-loopback host, disk full.
    static Expected<std::unique_ptr<Server>> start(const Settings& settings, ServerStart how = {});
    ~Server();  // stops accepting, cancels, joins; bounded in time

    std::string address() const;  // "http://127.0.0.1:1337"
    std::uint16_t port() const;
    const std::string& apiKey() const;  // empty with requireApiKey off
    EngineStatus status() const;
    // All time, given the usage of a status: what was recorded before this start and that on top. May outlive the server.
    UsageTotalsSource totalsSource() const;
    Expected<std::vector<UsageHour>> usageByHour(std::int64_t firstUnixHour, std::int64_t lastUnixHour) const;  // blocks on the disk
    // The requests that run and the last ones that did, and why they had to compute what they computed.
    RequestListSource requests() const;
    bool cancelRequest(std::uint64_t number);  // false: no such request runs
    const std::string& warning() const;  // one sentence: what start() had to do without; empty
    Engine& engine();             // lives as long as the server

    // Empty, or what is left over although nothing runs: sockets, request threads, KV blocks.
    std::string checkIntegrity() const;

private:
    struct Inner;
    explicit Server(std::unique_ptr<Inner> inner);
    std::unique_ptr<Inner> m_inner;
};

// For a signal handler that is about to end the process at once: the user wants it to end, so the model that is being
// loaded has not crashed. Safe in a handler.
void forgetLoadUnderWay() noexcept;

// The server that runs on this base directory, from server.json, if one holds the lock. Any thread; no network.
struct RunningServer {
    std::string address;
    std::string apiKey;
    std::int64_t processId = 0;
};
Expected<RunningServer> findRunningServer(const Settings& settings);  // NotFound: nobody runs

}  // namespace larder
