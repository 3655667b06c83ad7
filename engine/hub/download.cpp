#include "engine/hub/download.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <utility>

#include "engine/base/disk.h"
#include "engine/base/file.h"
#include "engine/base/mailbox.h"
#include "engine/base/random_access_file.h"
#include "engine/base/sha256.h"
#include "engine/base/utf8.h"
#include "engine/hub/part_file.h"
#include "engine/hub/speed_meter.h"
#include "engine/models.h"

namespace larder::hub {
namespace {

namespace fs = std::filesystem;
using DownloadClock = std::chrono::steady_clock;

constexpr unsigned kModelFolderMode = 0755;
// Left for the journals, the list and everybody else.
constexpr std::uint64_t kSpareBytes = 64'000'000;
constexpr std::uint64_t kCheaplyFetchedBytes = 32'000'000;
constexpr std::chrono::milliseconds kReportEvery{100};
constexpr std::chrono::milliseconds kLookEvery{5};  // whether the threads that hash and sync are done

Error stoppedError() { return {ErrorCode::Cancelled, "the download was stopped; what arrived is kept"}; }

std::uint64_t sizeOnDisk(const fs::path& path) {
    std::error_code failure;
    if (!fs::is_regular_file(path, failure)) return 0;
    const auto size = fs::file_size(path, failure);
    return failure ? 0 : size;
}

// Folders that hold nothing, from this one up to modelDir.
void removeHollowFolders(const fs::path& modelDir, fs::path folder) {
    std::error_code failure;
    while (folder != modelDir && folder.has_relative_path() && fs::is_empty(folder, failure) && !failure) {
        fs::remove(folder, failure);
        folder = folder.parent_path();
    }
}

// One part of a path that is safe on every system: no way out, nothing hidden, nothing that a terminal or a shell would
// take for something else.
bool isPlainName(std::string_view name) {
    if (name.empty() || name.size() > 200 || name.front() == '.' || name.front() == '-' || !base::isUtf8(name)) return false;
    return std::none_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f || c == '\\' || c == ':'; });
}

std::optional<fs::path> plainPath(std::string_view text, std::size_t maxDepth) {
    fs::path path;
    for (std::size_t depth = 0;; ++depth) {
        const std::size_t slash = text.find('/');
        const std::string_view name = text.substr(0, slash);
        if (depth >= maxDepth || !isPlainName(name)) return std::nullopt;
        path /= std::string(name);
        if (slash == std::string_view::npos) return path;
        text.remove_prefix(slash + 1);
    }
}

// The file without which the others are no model.
std::size_t keyFile(const DownloadChoice& choice) {
    if (choice.format == ModelFormat::Gguf) return 0;
    const auto config = std::find_if(choice.files.begin(), choice.files.end(),
                                     [](const RepositoryFile& file) { return file.path == "config.json"; });
    return config == choice.files.end() ? 0 : static_cast<std::size_t>(config - choice.files.begin());
}

bool existsAsFile(const fs::path& path, std::uint64_t bytes) {
    std::error_code failure;
    return fs::is_regular_file(path, failure) && sizeOnDisk(path) == bytes;
}

// One download in progress: what it has and how fast, for the caller; and the files that are ready to be named.
class ChoiceDownload {
public:
    ChoiceDownload(const DownloadPlace& place, const HubAccess& access, const Repository& repository, std::size_t connections,
                   const TransferLimits& limits, const std::function<bool(const DownloadProgress&)>& progress)
        : m_place(place), m_access(access), m_repository(repository), m_connections(std::clamp<std::size_t>(connections, 1, 16)), m_limits(limits),
          m_progress(progress) {
        for (const DownloadPlace::File& file : place.files) m_view.totalBytes += file.source.bytes;
    }

    Expected<fs::path> run() {
        if (auto room = checkRoom(); !room.ok()) return room.error();
        for (const DownloadPlace::File& file : m_place.files) {
            if (auto folder = base::makeFolder(file.path.parent_path(), kModelFolderMode); !folder.ok()) return folder.error();
            if (auto there = bring(file); !there.ok()) return there.error();
            m_finishedBytes += file.source.bytes;
        }
        if (auto named = publish(); !named.ok()) return named.error();
        m_view.verifying = false;
        report(0, "");
        return m_place.model;
    }

private:
    Expected<void> checkRoom() const;
    Expected<void> bring(const DownloadPlace::File& file);
    Expected<std::string> hashOf(const DownloadPlace::File& file);
    Expected<bool> isThere(const DownloadPlace::File& file);
    Expected<void> fetch(const DownloadPlace::File& file, PartFile& part);
    Expected<void> fetchOnce(const DownloadPlace::File& file, PartFile& part, bool& again);
    Expected<void> verify(PartFile& part);
    Expected<void> publish();
    bool report(std::uint64_t presentBytes, const std::string& remark);

    const DownloadPlace& m_place;
    const HubAccess& m_access;
    const Repository& m_repository;
    const std::size_t m_connections;
    const TransferLimits& m_limits;
    const std::function<bool(const DownloadProgress&)>& m_progress;

    DownloadProgress m_view;
    SpeedMeter m_speed;
    std::uint64_t m_finishedBytes = 0;   // files before the current one
    std::uint64_t m_receivedBytes = 0;   // by transfers before the current one
    base::Mailbox<int> m_nobody;         // nobody posts: for waiting a moment
    std::vector<std::unique_ptr<PartFile>> m_ready;  // whole and verified, still hidden; as m_place.files, null: there already
};

Expected<void> ChoiceDownload::checkRoom() const {
    std::uint64_t missing = 0;
    for (const DownloadPlace::File& file : m_place.files) {
        if (existsAsFile(file.path, file.source.bytes)) continue;
        missing += file.source.bytes - std::min(file.source.bytes, base::allocatedBytes(partPath(file.path)));
    }
    if (missing == 0) return {};
    fs::path folder = m_place.folder;
    std::error_code ignored;
    while (!fs::exists(folder, ignored) && folder.has_relative_path()) folder = folder.parent_path();
    const auto free = base::freeDiskBytes(folder);
    if (!free || *free >= missing + kSpareBytes) return {};
    return Error{ErrorCode::NoSpace, "the download needs " + readableBytes(missing + kSpareBytes) + " of disk space, but only " +
                                         readableBytes(*free) + " are free in " + folder.string() +
                                         ": make room, or choose another model folder"};
}

Expected<void> ChoiceDownload::bring(const DownloadPlace::File& file) {
    const auto there = isThere(file);
    if (!there.ok()) return there.error();
    if (*there) {
        m_ready.push_back(nullptr);
        return {};
    }
    auto part = PartFile::open(file.path, {m_repository.commit, file.source.bytes, file.source.sha256}, m_limits.journal);
    if (!part.ok()) return part.error();
    auto fetched = fetch(file, **part);
    if (fetched.ok()) {
        m_ready.push_back(std::move(*part));
        return {};
    }
    // A part without a byte only takes up disk space; one that no sha256 will check cannot be trusted after an odd answer.
    const bool doubtful = fetched.error().code == ErrorCode::Corrupt && file.source.sha256.empty();
    if (doubtful || (*part)->presentBytes() == 0) (*part)->discard();
    else if (auto kept = (*part)->flush(); !kept.ok() && fetched.error().code == ErrorCode::Cancelled) return kept;
    return fetched;
}

Expected<std::string> ChoiceDownload::hashOf(const DownloadPlace::File& file) {
    std::ifstream stream(file.path, std::ios::binary);
    base::Sha256 hash;
    std::vector<char> buffer(1024 * 1024);
    std::uint64_t hashed = 0;
    auto nextReport = DownloadClock::now() + kReportEvery;
    m_view.verifying = true;
    while (stream.read(buffer.data(), static_cast<std::streamsize>(buffer.size())), stream.gcount() > 0) {
        hash.update(std::string_view(buffer.data(), static_cast<std::size_t>(stream.gcount())));
        hashed += static_cast<std::uint64_t>(stream.gcount());
        if (DownloadClock::now() < nextReport) continue;
        nextReport = DownloadClock::now() + kReportEvery;
        if (!report(hashed, "")) return stoppedError();
    }
    m_view.verifying = false;
    return hash.finish();
}

// Whether an earlier download finished this file: by its size and, where known, its sha256.
Expected<bool> ChoiceDownload::isThere(const DownloadPlace::File& file) {
    if (!existsAsFile(file.path, file.source.bytes)) return false;
    // Nothing says that these bytes are this version's: a small file is fetched again, a large one is believed.
    if (file.source.sha256.empty() && file.source.bytes > 0 && file.source.bytes <= kCheaplyFetchedBytes) return false;
    if (file.source.sha256.empty()) {
        discardPart(file.path);
        return true;
    }
    const auto hashed = hashOf(file);
    if (!hashed.ok()) return hashed.error();
    if (*hashed != file.source.sha256) return false;
    // What an interrupted replacement left is of no use any more.
    discardPart(file.path);
    return true;
}

Expected<void> ChoiceDownload::fetch(const DownloadPlace::File& file, PartFile& part) {
    constexpr int kTries = 2;
    std::string why;
    for (int i = 0; i < kTries; ++i) {
        bool again = false;
        auto fetched = fetchOnce(file, part, again);
        if (fetched.ok() || !again) return fetched;
        why = fetched.error().message;
        if (auto restarted = part.restart(); !restarted.ok()) return restarted;
    }
    part.discard();
    return Error{ErrorCode::Corrupt, why + ", twice; it was thrown away: try again later"};
}

Expected<void> ChoiceDownload::fetchOnce(const DownloadPlace::File& file, PartFile& part, bool& again) {
    Transfer transfer({m_access, m_repository.id, m_repository.commit, file.source, m_connections}, part, m_limits);
    std::uint64_t received = 0;
    const auto end = transfer.run([&](const TransferView& view) {
        received = view.receivedBytes;
        m_speed.add(DownloadClock::now(), m_receivedBytes + received);
        return report(view.presentBytes, view.remark);
    });
    m_receivedBytes += received;
    if (!end.ok()) return end.error();
    if (*end == TransferEnd::Changed) {
        again = true;
        return Error{ErrorCode::Corrupt, file.path.filename().string() + " changed on the hub while it was downloaded"};
    }
    auto verified = verify(part);
    again = !verified.ok() && verified.error().code == ErrorCode::Corrupt;
    return verified;
}

Expected<void> ChoiceDownload::verify(PartFile& part) {
    auto nextReport = DownloadClock::now();
    for (;;) {
        if (auto verdict = part.verdict()) {
            m_view.verifying = false;
            return *verdict;
        }
        m_view.verifying = true;
        if (DownloadClock::now() >= nextReport) {
            if (!report(part.presentBytes(), "")) return stoppedError();
            nextReport = DownloadClock::now() + kReportEvery;
        }
        (void)m_nobody.waitUntil(DownloadClock::now() + kLookEvery);
    }
}

// Everything is here and right: now it becomes a model. A file that is replaced by another version would make a mixed
// set for a moment, so the one that makes the set a model is taken away first.
Expected<void> ChoiceDownload::publish() {
    const std::size_t count = m_place.files.size();
    const bool anyNew = std::any_of(m_ready.begin(), m_ready.end(), [](const auto& part) { return part != nullptr; });
    if (count > 1 && anyNew && m_ready.back()) {
        if (auto removed = base::removeFile(m_place.files.back().path); !removed.ok()) return removed;
    }
    for (std::size_t i = 0; i < count; ++i) {
        if (!m_ready[i]) continue;
        if (auto named = m_ready[i]->publish(); !named.ok()) return named;
        m_ready[i].reset();
    }
    return {};
}

bool ChoiceDownload::report(std::uint64_t presentBytes, const std::string& remark) {
    m_view.doneBytes = m_finishedBytes + presentBytes;
    m_view.remark = remark;
    m_view.bytesPerSecond = m_speed.bytesPerSecond();
    m_view.secondsLeft = remark.empty() && !m_view.verifying
                             ? m_speed.secondsLeft(m_view.totalBytes - std::min(m_view.totalBytes, m_view.doneBytes))
                             : std::nullopt;
    return !m_progress || m_progress(m_view);
}

}  // namespace

fs::path modelDirOf(const Settings& settings) {
    return settings.modelDir.empty() ? settings.baseDir / "models" : settings.modelDir;
}

Expected<void> makeModelDir(const Settings& settings) {
    // The base directory holds keys: nobody else's business. The models below it are no secret.
    if (!settings.baseDir.empty())
        if (auto base = base::makeFolder(settings.baseDir, 0700); !base.ok()) return base;
    return base::makeFolder(modelDirOf(settings), kModelFolderMode);
}

Expected<DownloadPlace> placeDownload(const fs::path& modelDir, const std::string& repository, const DownloadChoice& choice) {
    const auto folder = plainPath(repository, 2);
    if (!folder) return Error{ErrorCode::InvalidArgument, repository + " is no name of a repository"};
    if (choice.files.empty()) return Error{ErrorCode::InvalidArgument, "there is nothing to download in " + repository};
    DownloadPlace place;
    place.folder = modelDir / *folder;
    std::set<fs::path> taken;
    for (const RepositoryFile& file : choice.files) {
        const auto path = plainPath(file.path, 16);
        if (!path) return Error{ErrorCode::InvalidArgument, repository + " has a file with a name that is not safe: " +
                                                                base::repairUtf8(file.path)};
        const fs::path local = choice.format == ModelFormat::Gguf ? path->filename() : *path;
        if (!taken.insert(local).second)
            return Error{ErrorCode::InvalidArgument, repository + " has two files named " + local.string()};
        place.files.push_back({file, place.folder / local});
    }
    const std::size_t key = keyFile(choice);
    place.model = choice.format == ModelFormat::Gguf ? place.files[key].path : place.folder;
    std::rotate(place.files.begin() + static_cast<std::ptrdiff_t>(key),
                place.files.begin() + static_cast<std::ptrdiff_t>(key) + 1, place.files.end());
    return place;
}

Expected<fs::path> downloadTo(const DownloadPlace& place, const HubAccess& access, const Repository& repository,
                              std::size_t connections, const TransferLimits& limits,
                              const std::function<bool(const DownloadProgress&)>& progress) {
    auto done = ChoiceDownload(place, access, repository, connections, limits, progress).run();
    if (!done.ok()) {
        std::error_code failure;  // a try that brought nothing leaves nothing
        fs::remove(place.folder, failure);
    }
    return done;
}

void discardDownload(const fs::path& modelDir, const DownloadPlace& place) {
    for (const DownloadPlace::File& file : place.files) discardPart(file.path);
    for (const DownloadPlace::File& file : place.files) removeHollowFolders(modelDir, file.path.parent_path());
}

}  // namespace larder::hub

namespace larder {

Expected<std::filesystem::path> downloadChoice(const HubAccess& access, const Settings& settings, const Repository& repository,
                                               const DownloadChoice& choice,
                                               const std::function<bool(const DownloadProgress&)>& progress) {
    if (auto made = hub::makeModelDir(settings); !made.ok()) return made.error();
    const auto place = hub::placeDownload(hub::modelDirOf(settings), repository.id, choice);
    if (!place.ok()) return place.error();
    return hub::downloadTo(*place, access, repository, settings.downloadConnections, hub::TransferLimits::fromEnvironment(),
                           progress);
}

}  // namespace larder
