// The list of downloads as BASE-DIR/downloads.json keeps it: enough to go on after a restart without asking the hub what
// there was. Holds no token. Plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "engine/downloads.h"
#include "engine/error.h"
#include "engine/hub.h"

namespace larder::hub {

struct DownloadEntry {
    std::uint64_t id = 0;
    Repository repository;              // without its choices
    DownloadChoice choice;
    DownloadState state = DownloadState::Queued;
    std::filesystem::path modelDir;     // where it was begun; empty: not begun
    std::uint64_t doneBytes = 0;
    std::string error;
    std::filesystem::path path;

    bool sameFiles(const Repository& otherRepository, const DownloadChoice& other) const;
};

struct DownloadList {
    std::uint64_t nextId = 1;
    std::vector<DownloadEntry> entries;

    DownloadEntry* find(std::uint64_t id);
    void erase(std::uint64_t id);
    void moveToEnd(std::uint64_t id);
    void forgetOldDone();               // at most kMaxDone stay, the newest
};
constexpr std::size_t kMaxDone = 20;

std::string printDownloadList(const DownloadList& list);
// InvalidArgument for text that is not a list; entries that make no sense make the whole list one.
Expected<DownloadList> parseDownloadList(std::string_view text);

// A missing file is an empty list; what cannot be read is renamed to downloads.json.broken, logged, and an empty list. What was
// running is queued again.
DownloadList loadDownloadList(const std::filesystem::path& baseDir);
Expected<void> saveDownloadList(const std::filesystem::path& baseDir, const DownloadList& list);

}  // namespace larder::hub
