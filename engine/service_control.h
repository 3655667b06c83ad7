// The control thread of the service: takes what was asked in the order of asking, owns the server, and watches the engine,
// the downloads and the disk. Idle, with no server and no download, it sleeps without a timeout.
//
// Other threads: errands (disk: downloads, model files), one for listing repositories and one for searching, so that a slow
// network delays neither each other nor a stop; one for looking at folders, which may lie on a network; and one for the cache on
// the disk and the records of usage.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/mailbox.h"
#include "engine/base/snapshot.h"
#include "engine/base/thread.h"
#include "engine/cache_control.h"
#include "engine/service_answer.h"
#include "engine/service_board.h"
#include "engine/service_errands.h"
#include "engine/service_server.h"

namespace larder {

class ServiceControl {
public:
    ServiceControl(const Settings& settings, std::function<void()> changed);
    ~ServiceControl();  // stops the server, pauses downloads, answers what is still owed

    const ServiceBoard& board() const { return m_board; }

    // Any thread. Runs on the control thread; dropped (and so answered) when the service ends.
    void post(std::function<void()> task);
    void disk(std::function<void()> errand) { m_disk.post(std::move(errand)); }
    Errands& listing() { return m_listing; }
    Errands& searching() { return m_searching; }
    Errands& folders() { return m_folders; }
    // Somebody waits for the files of the cache: an errand that holds them (verify) ends. Any thread.
    bool cacheIsWanted() const { return m_ends || m_cacheWanted; }
    bool ends() const { return m_ends; }
    std::shared_ptr<Downloads> downloads() { return m_downloads.read(); }  // errands on the disk thread only, but for status()
    void askForFigures();

    // Control thread only.
    void startServer();
    void stopServer();
    void restartServer();
    void loadModel(const std::string& name, const Answer<void>& answer);
    void unloadModel(const std::string& name, const Answer<void>& answer);
    void pinModel(const std::string& name, bool pinned, const Answer<void>& answer);
    void removeModel(const std::string& name, const Answer<void>& answer);
    void refreshModels();
    void saveSettings(const Settings& settings, const Answer<void>& answer);
    void renewApiKey(const Answer<std::string>& answer);
    void saveHubToken(const std::string& token, const Answer<void>& answer);
    // verb runs on the cache thread, with the cache of the running server or, while there is none, with its files.
    void withCache(std::function<void(Expected<CacheControl*>)> verb);
    void usageByHour(std::int64_t firstUnixHour, const Answer<std::vector<UsageHour>>& answer);
    void cancelRequest(std::uint64_t number);

private:
    using Clock = std::chrono::steady_clock;

    void run();
    std::optional<Clock::time_point> nextLook() const;
    void lookAround();
    void engineChanged();       // engine threads
    void downloadsChanged();    // download thread
    void readDownloads();
    void noticeDownload(const DownloadStatus& download);
    void checkDisk();
    void openDownloads(const Settings& settings);
    void deleteModel(const ModelInfo& model, const Answer<void>& answer);
    void forgetModel(const ModelInfo& model);
    void replaceModels();       // after files came or went
    Expected<void> start(FirstLoad firstLoad);
    void freeCacheFiles();      // waits until no errand holds them
    void readAllTime();         // while no server runs

    base::Mailbox<std::function<void()>> m_mailbox;
    std::atomic<bool> m_ends{false};
    std::atomic<bool> m_cacheWanted{false};
    std::atomic<bool> m_engineTouched{false};
    std::atomic<bool> m_engineWatched{false};
    std::atomic<bool> m_downloadsAsked{false};
    std::atomic<bool> m_figuresAsked{false};
    ServiceBoard m_board;
    // ---- control thread only
    std::unique_ptr<ServiceServer> m_server;
    std::map<std::uint64_t, DownloadState> m_knownDownloads;
    std::optional<Clock::time_point> m_engineLook;
    std::optional<Clock::time_point> m_diskLook;
    bool m_downloading = false;
    bool m_diskWasLow = false;
    // ----
    base::Snapshot<std::shared_ptr<Downloads>> m_downloads;  // another one once the base directory moved
    Errands m_disk{"files"};
    Errands m_listing{"hub"};
    Errands m_searching{"search"};
    Errands m_folders{"folders"};
    Errands m_cache{"cache"};
    base::Thread m_thread;
};

}  // namespace larder
