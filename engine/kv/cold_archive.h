// A prefix in one file, to take along: a tar archive (ustar) of "prefix.json" and the block files, in order. Any tar lists and
// unpacks it. One thread at a time; blocks on the disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/file_system.h"
#include "engine/error.h"

namespace larder::kv {

class ColdArchiveWriter {
public:
    explicit ColdArchiveWriter(base::OpenFile& file) : m_file(&file) {}

    // A member of so many bytes; then all of them in pieces.
    Expected<void> begin(std::string_view name, std::uint64_t bytes);
    Expected<void> append(std::span<const std::byte> bytes);
    Expected<void> finish();                   // after the last member
    std::uint64_t bytes() const { return m_offset; }

private:
    Expected<void> pad();

    base::OpenFile* m_file;
    std::uint64_t m_offset = 0;
};

struct ColdArchiveMember {
    std::string name;
    std::uint64_t offset = 0;                  // of its bytes in the archive
    std::uint64_t bytes = 0;
};

class ColdArchiveReader {
public:
    explicit ColdArchiveReader(const base::OpenFile& file) : m_file(&file) {}

    // The next member; nothing at the end. Corrupt: it is no such archive.
    Expected<std::optional<ColdArchiveMember>> next();

private:
    const base::OpenFile* m_file;
    std::uint64_t m_offset = 0;
};

}  // namespace larder::kv
