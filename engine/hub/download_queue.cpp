// The queue of engine/downloads.h: its verbs change the list under a lock; one thread carries it out.
#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "engine/base/guarded.h"
#include "engine/base/log.h"
#include "engine/base/mailbox.h"
#include "engine/base/memory.h"
#include "engine/base/thread.h"
#include "engine/downloads.h"
#include "engine/hub/download.h"
#include "engine/hub/download_list.h"

namespace larder {
namespace {

using QueueClock = std::chrono::steady_clock;
using hub::DownloadEntry;

constexpr std::chrono::milliseconds kChangedEvery{100};
// Nobody watches at night: the queue is more patient than a command line.
constexpr std::size_t kQueueFailures = 14;

// Files to delete: the user cancelled their download.
struct AbandonedDownload {
    std::filesystem::path modelDir;
    std::string repository;
    DownloadChoice choice;
};

// Everything that the verbs and the thread share.
struct QueueState {
    Settings settings;
    hub::DownloadList list;
    std::uint64_t running = 0;            // id; 0: none. Its entry may be paused or gone already: then it is to stop
    DownloadProgress progress;            // of the running one
    std::vector<AbandonedDownload> abandoned;
    bool unsaved = false;
    bool unseen = false;                  // changed() is due
    bool stop = false;
};

DownloadStatus statusOf(const DownloadEntry& entry, const QueueState& state) {
    DownloadStatus status;
    status.id = entry.id;
    status.repository = entry.repository.id;
    status.label = entry.choice.label;
    status.state = entry.state;
    status.error = entry.error;
    status.path = entry.path;
    status.progress.totalBytes = entry.choice.bytes;
    status.progress.doneBytes = entry.state == DownloadState::Done ? entry.choice.bytes : entry.doneBytes;
    if (entry.state == DownloadState::Running) status.progress = state.progress;
    return status;
}

std::uint64_t bytesOf(const DownloadChoice& choice) {
    std::uint64_t sum = 0;
    for (const RepositoryFile& file : choice.files) sum += file.bytes;
    return sum;
}

// The same choice of a repository whose old commit is gone.
const DownloadChoice* sameChoice(const Repository& repository, const DownloadChoice& before) {
    for (const DownloadChoice& choice : repository.choices)
        if (choice.label == before.label && choice.format == before.format) return &choice;
    return nullptr;
}

}  // namespace

// Invariant: only the thread sets `running` and starts downloads; a verb that stops the running one changes its entry, which
// the thread sees at its next tick. Verbs post to `wake` after each change.
struct Downloads::Inner {
    base::Guarded<QueueState> state;
    std::filesystem::path baseDir;
    std::function<void()> changed;
    base::Mailbox<int> wake;
    QueueClock::time_point changedAt{};    // thread only
    bool saveFailed = false;               // thread only: reported once
    base::Thread thread;

    template <class Change>
    void change(Change&& apply) {
        state.with([&](QueueState& now) {
            apply(now);
            now.unsaved = true;
            now.unseen = true;
        });
        wake.post(0);
    }

    void run();
    void save();
    void tellChanges();
    void deleteAbandoned();
    std::optional<DownloadEntry> next(Settings& settings);
    void carryOut(DownloadEntry entry, const Settings& settings);
    Expected<std::filesystem::path> download(DownloadEntry& entry, const Settings& settings);
    Expected<void> listAgain(DownloadEntry& entry, const HubAccess& access);
    bool goesOn(std::uint64_t id);
    bool tick(std::uint64_t id, const DownloadProgress& progress);
    void conclude(std::uint64_t id, const Expected<std::filesystem::path>& result);
};

void Downloads::Inner::run() {
    for (;;) {
        save();
        tellChanges();
        deleteAbandoned();
        if (state.with([](const QueueState& now) { return now.stop; })) return;
        Settings settings;
        if (auto entry = next(settings)) {
            carryOut(std::move(*entry), settings);
            continue;
        }
        // A change that came too soon after the last is told of later.
        const bool pending = state.with([](const QueueState& now) { return now.unseen; });
        if (pending) (void)wake.waitUntil(changedAt + kChangedEvery);
        else (void)wake.wait();
    }
}

void Downloads::Inner::save() {
    const auto list = state.with([](QueueState& now) {
        return std::exchange(now.unsaved, false) ? std::optional(now.list) : std::nullopt;
    });
    if (!list) return;
    const auto saved = hub::saveDownloadList(baseDir, *list);
    if (!saved.ok() && !saveFailed) base::logWarning("the list of downloads is not kept: " + saved.error().message);
    saveFailed = !saved.ok();
}

void Downloads::Inner::tellChanges() {
    const auto now = QueueClock::now();
    if (now < changedAt + kChangedEvery) return;
    if (!state.with([](QueueState& shared) { return std::exchange(shared.unseen, false); })) return;
    changedAt = now;
    if (changed) changed();
}

void Downloads::Inner::deleteAbandoned() {
    const auto abandoned = state.with([](QueueState& now) { return std::exchange(now.abandoned, {}); });
    for (const AbandonedDownload& one : abandoned) {
        const auto place = hub::placeDownload(one.modelDir, one.repository, one.choice);
        if (place.ok()) hub::discardDownload(one.modelDir, *place);
    }
}

// The first that waits, now running.
std::optional<DownloadEntry> Downloads::Inner::next(Settings& settings) {
    return state.with([&](QueueState& now) -> std::optional<DownloadEntry> {
        for (DownloadEntry& entry : now.list.entries) {
            if (entry.state != DownloadState::Queued) continue;
            settings = now.settings;
            if (entry.modelDir.empty()) entry.modelDir = hub::modelDirOf(settings);
            settings.modelDir = entry.modelDir;
            entry.state = DownloadState::Running;
            entry.error.clear();
            now.running = entry.id;
            now.progress = {};
            now.progress.totalBytes = entry.choice.bytes;
            now.progress.doneBytes = entry.doneBytes;
            now.unsaved = now.unseen = true;
            return entry;
        }
        return std::nullopt;
    });
}

void Downloads::Inner::carryOut(DownloadEntry entry, const Settings& settings) {
    save();
    tellChanges();
    const std::uint64_t id = entry.id;
    conclude(id, download(entry, settings));
}

Expected<std::filesystem::path> Downloads::Inner::download(DownloadEntry& entry, const Settings& settings) {
    const auto access = hubAccess(settings);
    if (!access.ok()) return access.error();
    if (auto made = hub::makeModelDir(settings); !made.ok()) return made.error();
    auto limits = hub::TransferLimits::fromEnvironment();
    limits.maxFailures = std::max(limits.maxFailures, kQueueFailures);
    constexpr int kListings = 2;
    for (int i = 0;; ++i) {
        const auto place = hub::placeDownload(settings.modelDir, entry.repository.id, entry.choice);
        if (!place.ok()) return place.error();
        auto done = hub::downloadTo(*place, *access, entry.repository, settings.downloadConnections, limits,
                                    [&](const DownloadProgress& progress) { return tick(entry.id, progress); });
        if (done.ok() || done.error().code != ErrorCode::NotFound || i + 1 == kListings) return done;
        if (auto listed = listAgain(entry, *access); !listed.ok()) return listed.error();
    }
}

// The commit is gone, as happens when an author rewrites a repository: the same choice of what is there now.
Expected<void> Downloads::Inner::listAgain(DownloadEntry& entry, const HubAccess& access) {
    Machine machine;
    machine.memoryBytes = base::memoryFigures().totalBytes;
    machine.availableMemoryBytes = base::memoryFigures().availableBytes;
    auto repository = listRepository(access, entry.repository.id, "main", machine, [&] { return !goesOn(entry.id); });
    if (!repository.ok()) return repository.error();
    const DownloadChoice* choice = sameChoice(*repository, entry.choice);
    if (choice == nullptr)
        return Error{ErrorCode::NotFound, entry.repository.id + " has no " + entry.choice.label + " any more"};
    entry.choice = *choice;
    entry.choice.bytes = bytesOf(*choice);
    entry.repository = std::move(*repository);
    entry.repository.choices.clear();
    change([&](QueueState& now) {
        if (DownloadEntry* known = now.list.find(entry.id)) {
            known->repository = entry.repository;
            known->choice = entry.choice;
        }
    });
    return {};
}

bool Downloads::Inner::goesOn(std::uint64_t id) {
    return state.with([&](QueueState& now) {
        const DownloadEntry* entry = now.list.find(id);
        return !now.stop && entry != nullptr && entry->state == DownloadState::Running;
    });
}

bool Downloads::Inner::tick(std::uint64_t id, const DownloadProgress& progress) {
    state.with([&](QueueState& now) {
        now.progress = progress;
        now.unseen = true;
        if (DownloadEntry* entry = now.list.find(id)) entry->doneBytes = progress.doneBytes;
    });
    if (!goesOn(id)) return false;
    save();
    tellChanges();
    return true;
}

void Downloads::Inner::conclude(std::uint64_t id, const Expected<std::filesystem::path>& result) {
    change([&](QueueState& now) {
        now.running = 0;
        DownloadEntry* entry = now.list.find(id);
        if (entry == nullptr) return;
        if (result.ok()) {
            // Whatever the user asked meanwhile: it is done.
            entry->state = DownloadState::Done;
            entry->path = *result;
            entry->doneBytes = entry->choice.bytes;
            entry->error.clear();
            now.list.forgetOldDone();
        } else if (result.error().code == ErrorCode::Cancelled) {
            if (entry->state == DownloadState::Running) entry->state = DownloadState::Queued;  // quitting
        } else if (entry->state == DownloadState::Running) {
            entry->state = DownloadState::Failed;
            entry->error = result.error().message;
        }
    });
    if (!result.ok() && result.error().code != ErrorCode::Cancelled)
        base::logWarning("a download failed: " + result.error().message);
}

Downloads::Downloads(std::unique_ptr<Inner> inner) : m_inner(std::move(inner)) {}

std::unique_ptr<Downloads> Downloads::open(const Settings& settings, std::function<void()> changed) {
    auto inner = std::make_unique<Inner>();
    inner->baseDir = settings.baseDir;
    inner->changed = std::move(changed);
    inner->state.with([&](QueueState& now) {
        now.settings = settings;
        now.list = hub::loadDownloadList(settings.baseDir);
        now.unseen = !now.list.entries.empty();
    });
    inner->thread = base::Thread("download", [running = inner.get()] { running->run(); });
    return std::unique_ptr<Downloads>(new Downloads(std::move(inner)));
}

Downloads::~Downloads() {
    m_inner->state.with([](QueueState& now) { now.stop = true; });
    m_inner->wake.close();
    m_inner->thread.join();
}

std::uint64_t Downloads::add(const Repository& repository, const DownloadChoice& choice) {
    std::uint64_t id = 0;
    m_inner->change([&](QueueState& now) {
        auto& entries = now.list.entries;
        const auto same = [&](const DownloadEntry& one) { return one.sameFiles(repository, choice); };
        // One that is done is checked again, as a new entry; every other one goes on where it is.
        std::erase_if(entries, [&](const DownloadEntry& one) { return one.state == DownloadState::Done && same(one); });
        const auto known = std::find_if(entries.begin(), entries.end(), same);
        if (known != entries.end()) {
            id = known->id;
            if (known->state == DownloadState::Paused || known->state == DownloadState::Failed) known->state = DownloadState::Queued;
            return;
        }
        DownloadEntry entry;
        entry.id = id = now.list.nextId++;
        entry.repository = repository;
        entry.repository.choices.clear();
        entry.choice = choice;
        entry.choice.bytes = bytesOf(choice);
        entries.push_back(std::move(entry));
    });
    return id;
}

void Downloads::pause(std::uint64_t id) {
    m_inner->change([&](QueueState& now) {
        DownloadEntry* entry = now.list.find(id);
        if (entry == nullptr) return;
        if (entry->state == DownloadState::Queued || entry->state == DownloadState::Running) entry->state = DownloadState::Paused;
    });
}

void Downloads::resume(std::uint64_t id) {
    m_inner->change([&](QueueState& now) {
        DownloadEntry* entry = now.list.find(id);
        if (entry == nullptr) return;
        if (entry->state != DownloadState::Paused && entry->state != DownloadState::Failed) return;
        const auto modelDir = hub::modelDirOf(now.settings);
        if (entry->state == DownloadState::Failed && !entry->modelDir.empty() && entry->modelDir != modelDir) {
            // The user chose another folder since, perhaps because that one was full.
            now.abandoned.push_back({entry->modelDir, entry->repository.id, entry->choice});
            entry->modelDir.clear();
            entry->doneBytes = 0;
        }
        entry->state = DownloadState::Queued;
        entry->error.clear();
        now.list.moveToEnd(id);
    });
}

void Downloads::cancel(std::uint64_t id) {
    m_inner->change([&](QueueState& now) {
        DownloadEntry* entry = now.list.find(id);
        if (entry == nullptr) return;
        if (entry->state != DownloadState::Done && !entry->modelDir.empty())
            now.abandoned.push_back({entry->modelDir, entry->repository.id, entry->choice});
        now.list.erase(id);
    });
}

std::vector<DownloadStatus> Downloads::status() const {
    return m_inner->state.with([](const QueueState& now) {
        std::vector<DownloadStatus> all;
        for (const DownloadEntry& entry : now.list.entries) all.push_back(statusOf(entry, now));
        return all;
    });
}

void Downloads::setSettings(const Settings& settings) {
    m_inner->change([&](QueueState& now) { now.settings = settings; });
}

}  // namespace larder
