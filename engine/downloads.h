// Downloads of models: one at a time in order, on a thread of its own, from a list that survives quits, crashes and
// reboots. A file appears under its real name only when every byte arrived and its sha256 is right.
//
// On disk: MODEL-DIR/org/name/FILE; while it is under way MODEL-DIR/org/name/.FILE.part and .FILE.part.json (which
// ranges are there; written after the bytes are durable). The list is BASE-DIR/downloads.json.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/error.h"
#include "engine/hub.h"
#include "engine/settings.h"

namespace larder {

struct DownloadProgress {
    std::uint64_t doneBytes = 0;          // of all files of the choice, those already there included
    std::uint64_t totalBytes = 0;
    double bytesPerSecond = 0;            // over the last seconds
    std::optional<double> secondsLeft;    // unknown at first and while stalled
    bool verifying = false;               // everything arrived, the sha256 is computed
    std::string remark;                   // "the hub is busy, trying again in 8 s"; empty when all is well
};

// Downloads every file of the choice into the model folder and blocks until done; what is there already (whole, or partly
// from an earlier try) is not fetched again. Returns the path of the model (the first file, or the folder of a safetensors
// model). progress is called at least once a second from this thread; false stops with Cancelled, keeping what arrived.
// Errors are one sentence: NoSpace (before the start: with both numbers), PermissionDenied (gated, token), Unavailable
// (after the retries: what the last trouble was), Corrupt (sha256 differs; the bytes are thrown away), Io, Overloaded
// (another process downloads the same file).
Expected<std::filesystem::path> downloadChoice(const HubAccess& access, const Settings& settings, const Repository& repository,
                                               const DownloadChoice& choice,
                                               const std::function<bool(const DownloadProgress&)>& progress);

enum class DownloadState { Queued, Running, Paused, Done, Failed };

struct DownloadStatus {
    std::uint64_t id = 0;                 // stays the same over restarts
    std::string repository;
    std::string label;                    // "Q4_0"
    DownloadState state = DownloadState::Queued;
    DownloadProgress progress;
    std::string error;                    // one sentence, for Failed
    std::filesystem::path path;           // for Done
};

// The queue. Any thread may call any verb; none blocks on the network. Unknown ids are ignored: the entry may just have ended.
class Downloads {
public:
    // Reads the list and goes on where it stopped. changed: called from the download thread when status() has something new, at
    // most ten times a second; must not block. A list that cannot be read is kept aside and reported in the log.
    static std::unique_ptr<Downloads> open(const Settings& settings, std::function<void()> changed);
    ~Downloads();  // stops within a second; what arrived is kept

    // The id. Something already queued or under way is not queued twice: its id comes back.
    std::uint64_t add(const Repository& repository, const DownloadChoice& choice);
    void pause(std::uint64_t id);         // keeps what arrived
    void resume(std::uint64_t id);        // a paused one, or a failed one again ("retry"); to the end of the queue
    void cancel(std::uint64_t id);        // also deletes what arrived, and the entry; a done one only leaves the list

    std::vector<DownloadStatus> status() const;  // in order

    // The next downloads use these: model folder, endpoint, proxy, token.
    void setSettings(const Settings& settings);

private:
    struct Inner;
    explicit Downloads(std::unique_ptr<Inner> inner);
    std::unique_ptr<Inner> m_inner;
};

}  // namespace larder
