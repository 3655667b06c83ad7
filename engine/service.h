// Everything the app does, behind one face for the window and the tray: a server that can be started and stopped, models,
// downloads, settings. No verb blocks; what they cause is seen in the next snapshot, or comes through a reply. The real one is
// made by Service::create; tests of the GUI have a scripted one.
//
// Threads: any thread may call any verb. Replies and the observer are called on a thread of the service, each reply exactly
// once (with Unavailable when the service ends first), and must not block.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/agents.h"
#include "engine/cache.h"
#include "engine/downloads.h"
#include "engine/error.h"
#include "engine/hub.h"
#include "engine/machine.h"
#include "engine/models.h"
#include "engine/requests.h"
#include "engine/settings.h"
#include "engine/status.h"
#include "engine/usage.h"

namespace larder {

enum class ServerState { Stopped, Starting, Running, Stopping, Failed };

// Something worth a notification. Each is reported once, in the snapshots after it happened; the last 50 are kept.
struct Notice {
    enum class Kind { DownloadDone, DownloadFailed, ServerFailed, ModelFailed, LowDisk, CacheProblem };
    std::uint64_t number = 0;            // rises by one each, from 1
    Kind kind = Kind::DownloadDone;
    std::string text;                    // one sentence
};

struct ServiceSnapshot {
    Settings settings;                   // as stored
    bool restartNeeded = false;          // stored settings that the running server does not use yet
    ServerState server = ServerState::Stopped;
    std::string address;                 // "http://127.0.0.1:1337"; while stopped: where it would listen
    std::string apiKey;                  // empty when none is asked for, or not made yet
    std::string failure;                 // one sentence for Failed
    std::int64_t runningSinceUnixMs = 0; // 0 unless Running
    EngineStatus engine;
    std::shared_ptr<const RequestList> requests;  // never null; of the server that runs
    UsageTotals allTime;                 // over restarts, what runs now included; kept while no server runs
    std::shared_ptr<const std::vector<ModelInfo>> models;         // never null
    bool modelsKnown = false;            // false until the folders were read for the first time
    std::shared_ptr<const std::vector<DownloadStatus>> downloads; // never null
    Machine machine;                     // as of the last look, at most 5 s ago while anything runs
    std::uint64_t processMemoryBytes = 0;
    std::uint64_t modelFolderFreeBytes = 0;
    std::vector<Notice> notices;
};

// What agents need of it. The models that run, the loaded ones first, then the default one; their windows as far as known: those of
// models that are not loaded may turn out smaller.
AgentServer agentServer(const ServiceSnapshot& snapshot);

template <class T>
using Reply = std::function<void(Expected<T>)>;

class Service {
public:
    // settings as after loadSettings (and the command line). Starts no server. changed: snapshot() has something new; comes from
    // any thread, as often as things change: the receiver coalesces.
    static std::unique_ptr<Service> create(const Settings& settings, std::function<void()> changed);
    virtual ~Service() = default;        // stops the server, pauses downloads; bounded in time

    virtual ServiceSnapshot snapshot() const = 0;

    virtual void startServer() = 0;      // no effect unless Stopped or Failed
    virtual void stopServer() = 0;
    virtual void restartServer() = 0;    // with the stored settings

    // Starts the server first when it does not run.
    virtual void loadModel(const std::string& name, Reply<void> reply) = 0;
    virtual void unloadModel(const std::string& name, Reply<void> reply) = 0;  // empty: all
    virtual void pinModel(const std::string& name, bool pinned, Reply<void> reply) = 0;  // takes effect at once, and is stored
    virtual void removeModel(const std::string& name, Reply<void> reply) = 0;  // unloads it first
    virtual void refreshModels() = 0;

    // The cache on the disk. While no server runs they open its files themselves.
    virtual void listCache(Reply<CacheListing> reply) = 0;
    virtual void pinCached(const std::string& prefixId, bool pinned, Reply<void> reply) = 0;
    virtual void clearCache(const std::string& model, bool pinnedToo, Reply<CacheCleared> reply) = 0;  // empty: of all models
    virtual void verifyCache(Reply<CacheVerified> reply) = 0;
    virtual void usageByHour(std::int64_t firstUnixHour, Reply<std::vector<UsageHour>> reply) = 0;    // from then on

    virtual void cancelRequest(std::uint64_t number) = 0;  // see RequestStatus; no effect when it is over

    // Checks, stores and applies what can be applied live; the rest shows as restartNeeded. Another base directory (the
    // wizard's choice, while no server runs) becomes the default of later starts too.
    virtual void saveSettings(const Settings& settings, Reply<void> reply) = 0;
    virtual void renewApiKey(Reply<std::string> reply) = 0;
    virtual void saveHubToken(const std::string& token, Reply<void> reply) = 0;

    // checkFolder() of machine.h, off the caller's thread: a network folder whose server is gone can take long.
    virtual void checkFolder(const std::filesystem::path& path, Reply<FolderCheck> reply) = 0;

    // planAgent() of agents.h with what is known now, off the caller's thread: it looks for programs and reads settings files.
    // workingFolder: where the agent is to work; empty: the home directory.
    virtual void planAgent(const std::string& id, const std::string& model, const std::filesystem::path& workingFolder, Reply<AgentPlan> reply) = 0;

    virtual void listRepository(const std::string& id, const std::string& revision, Reply<Repository> reply) = 0;
    virtual void searchRepositories(const std::string& text, Reply<std::vector<SearchResult>> reply) = 0;
    virtual void startDownload(const Repository& repository, const DownloadChoice& choice) = 0;
    virtual void pauseDownload(std::uint64_t id) = 0;
    virtual void resumeDownload(std::uint64_t id) = 0;
    virtual void cancelDownload(std::uint64_t id) = 0;
};

}  // namespace larder
