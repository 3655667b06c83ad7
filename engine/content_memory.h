// Remembers the hash of a model file's content by device, inode, size and times (design §5.2), so that a load need not hash
// gigabytes to find the KV that belongs to them. BASE-DIR/contents.json; lost or broken, it is only slower. One thread.
#pragma once

#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "engine/base/disk.h"
#include "engine/base/hash.h"

namespace larder {

class ContentMemory {
public:
    explicit ContentMemory(const std::filesystem::path& baseDir);  // empty: remembers nothing

    std::optional<base::Hash128> recall(const base::FileStamp& stamp) const;
    void remember(const base::FileStamp& stamp, const base::Hash128& content);  // the latest 256 are kept

private:
    using Entry = std::pair<base::FileStamp, base::Hash128>;
    void read();
    void write() const;

    std::filesystem::path m_file;
    std::vector<Entry> m_entries;  // latest last
};

}  // namespace larder
