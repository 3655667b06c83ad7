// Remembers on disk which model is being loaded, so that a model that takes the whole process down (no memory left, a
// crash, a power cut) is not loaded by itself again at the next start. <baseDir>/loading.json exists while a model loads
// and as long as one that crashed was neither loaded since nor changed.
// begin() and end(): the thread that loads; the rest: any thread. REQUIRES the lock of the base directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/snapshot.h"
#include "engine/models.h"

namespace larder {

class LoadGuard {
public:
    // Reads what the last process left. An empty folder: guards nothing and writes nothing.
    explicit LoadGuard(const std::filesystem::path& baseDir);

    // What was being loaded when a process died, the latest first; those whose file changed or is gone are left out.
    std::vector<std::filesystem::path> crashed() const;
    bool refuses(const std::filesystem::path& model) const;

    // Around every load. What cannot be written is logged: the load goes on without the guard.
    void begin(const std::filesystem::path& model);
    void end();  // it came back, with the model or an Error: also forgets that it crashed earlier

private:
    // A file is the same one as long as its size and time are.
    struct Record {
        std::filesystem::path path;
        std::uint64_t bytes = 0;
        std::int64_t modified = 0;  // in ticks of the file system's clock
        bool operator==(const Record&) const = default;
    };
    static std::optional<Record> describe(const std::filesystem::path& path);
    void read();
    void write() const;

    std::filesystem::path m_file;  // empty: guards nothing
    std::optional<Record> m_loading;
    base::Snapshot<std::vector<Record>> m_crashed;
};

}  // namespace larder
