#include "engine/service_control.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/base/log.h"

namespace larder {
namespace {

// A little longer than rates are shown after the last step, so that the last look shows them gone.
constexpr std::chrono::milliseconds kQuietAfter{1200};
constexpr std::chrono::seconds kDiskEvery{30};

}  // namespace

ServiceControl::ServiceControl(const Settings& settings, std::function<void()> changed) : m_board(settings, std::move(changed)) {
    openDownloads(settings);
    post([this] {
        m_board.takeFigures();
        refreshModels();
        readAllTime();
    });
    m_thread = base::Thread("control", [this] { run(); });
}

// The server first: its clients wait. Nobody posts to a thread that was joined: errands are stopped before what they use.
ServiceControl::~ServiceControl() {
    m_ends = true;
    m_mailbox.close();
    m_thread.join();
    m_listing.stop();
    m_searching.stop();
    m_folders.stop();
    m_cache.stop();
    m_disk.stop();
    m_downloads.publish(nullptr);
}

// What the list holds already is known before anyone reads it: old endings are no news.
void ServiceControl::openDownloads(const Settings& settings) {
    std::shared_ptr<Downloads> opened = Downloads::open(settings, [this] { downloadsChanged(); });
    std::map<std::uint64_t, DownloadState> known;
    for (const DownloadStatus& download : opened->status()) known[download.id] = download.state;
    post([this, known = std::move(known)] { m_knownDownloads = known; });
    m_downloads.publish(std::move(opened));
    downloadsChanged();
}

void ServiceControl::post(std::function<void()> task) {
    m_mailbox.post(std::move(task));
}

void ServiceControl::run() {
    m_server = std::make_unique<ServiceServer>(m_board, [this] { engineChanged(); });
    while (!m_mailbox.closed()) {
        const auto look = nextLook();
        auto tasks = look ? m_mailbox.waitUntil(*look) : m_mailbox.wait();
        for (std::function<void()>& task : tasks) {
            if (!m_ends) task();
            task = nullptr;  // an answer that it still owed is given now
        }
        if (!m_ends) lookAround();
    }
    m_mailbox.take();
    m_server.reset();
}

std::optional<ServiceControl::Clock::time_point> ServiceControl::nextLook() const {
    if (m_engineLook && m_diskLook) return std::min(*m_engineLook, *m_diskLook);
    return m_engineLook ? m_engineLook : m_diskLook;
}

void ServiceControl::lookAround() {
    const auto now = Clock::now();
    if (m_engineLook && now >= *m_engineLook) {
        m_server->checkEngine();
        m_engineLook.reset();
        if (m_engineTouched.exchange(false)) {
            m_engineLook = now + kQuietAfter;
        } else {
            m_engineWatched = false;
            // Touched between the two lines above: nobody else would look again.
            if (m_engineTouched && !m_engineWatched.exchange(true)) m_engineLook = now + kQuietAfter;
            m_board.changed();
        }
    }
    if (!m_server->runs() && !m_downloading) m_diskLook.reset();
    else if (!m_diskLook) m_diskLook = now;
    if (m_diskLook && now >= *m_diskLook) {
        checkDisk();
        m_diskLook = now + kDiskEvery;
    }
}

void ServiceControl::engineChanged() {
    m_engineTouched = true;
    m_board.changed();
    if (m_engineWatched.exchange(true)) return;
    post([this] {
        m_server->checkEngine();
        m_engineLook = Clock::now() + kQuietAfter;
    });
}

void ServiceControl::askForFigures() {
    if (!m_board.figuresAreOld() || m_figuresAsked.exchange(true)) return;
    post([this] {
        m_board.takeFigures();
        m_figuresAsked = false;
    });
}

void ServiceControl::downloadsChanged() {
    if (m_downloadsAsked.exchange(true)) return;
    post([this] { readDownloads(); });
}

void ServiceControl::readDownloads() {
    m_downloadsAsked = false;
    auto downloads = std::make_shared<const std::vector<DownloadStatus>>(m_downloads.read()->status());
    std::map<std::uint64_t, DownloadState> known;
    m_downloading = false;
    bool arrived = false;
    std::vector<DownloadStatus> ended;
    for (const DownloadStatus& download : *downloads) {
        known[download.id] = download.state;
        m_downloading |= download.state == DownloadState::Running || download.state == DownloadState::Queued;
        const auto before = m_knownDownloads.find(download.id);
        if (before != m_knownDownloads.end() && before->second == download.state) continue;
        if (download.state == DownloadState::Done || download.state == DownloadState::Failed) ended.push_back(download);
        arrived |= download.state == DownloadState::Done;
    }
    m_knownDownloads = std::move(known);
    m_board.show([&](ServiceSnapshot& snapshot) { snapshot.downloads = downloads; });
    for (const DownloadStatus& download : ended) noticeDownload(download);
    if (arrived) replaceModels();
}

void ServiceControl::noticeDownload(const DownloadStatus& download) {
    const std::string what = download.repository + (download.label.empty() ? "" : " " + download.label);
    if (download.state == DownloadState::Done)
        m_board.notice(Notice::Kind::DownloadDone, what + " is downloaded and ready to use");
    else
        m_board.notice(Notice::Kind::DownloadFailed, what + " could not be downloaded: " + download.error);
}

void ServiceControl::checkDisk() {
    m_board.takeFigures();
    const Settings& settings = m_board.settings();
    const std::uint64_t models = freeBytesAt(settings.modelDir), base = freeBytesAt(settings.baseDir);
    // 0 means unknown.
    const bool baseIsLower = base > 0 && (models == 0 || base < models);
    const std::uint64_t free = baseIsLower ? base : models;
    const std::uint64_t limit = settings.lowDiskBytes;
    if (free == 0 || limit == 0 || free >= limit + limit / 10) m_diskWasLow = false;
    if (free == 0 || free >= limit || m_diskWasLow) return;
    m_diskWasLow = true;
    m_board.notice(Notice::Kind::LowDisk, "Only " + readableBytes(free) + " are free on the disk of " +
                                              (baseIsLower ? settings.baseDir : settings.modelDir).string() +
                                              "; delete models that are not needed or make room there");
}

}  // namespace larder
