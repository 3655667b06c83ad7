// Where things lie in the cold tier's folder, and the files of blocks in it: opened, checked, written. docs/kv_format.md has the
// list. Holds no state but the path; any thread; verbs block on the disk.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/compression.h"
#include "engine/base/file_system.h"
#include "engine/error.h"
#include "engine/kv/cold_block.h"

namespace larder::kv {

inline constexpr std::size_t kColdSubfolders = 256;  // blocks/00 to blocks/ff

// A file of a block, open, its head read and believed so far as it agrees with itself.
struct ColdFile {
    std::unique_ptr<base::OpenFile> file;
    std::array<std::byte, kColdHeadBytes> headBytes;
    ColdHead head;
};

// Where the bytes of a part go.
struct ColdTarget {
    int group = 0;               // -1: the state
    std::span<std::byte> bytes;  // exactly the part's raw size
};

// Buffers for reading and compressing that are kept between files. One thread at a time.
struct ColdScratch {
    std::vector<std::byte> stored;
    base::PlaneCompressor compressor;
};

class ColdFolder {
public:
    ColdFolder(base::FileSystem& files, std::filesystem::path root) : m_files(&files), m_root(std::move(root)) {}

    base::FileSystem& files() const { return *m_files; }
    const std::filesystem::path& root() const { return m_root; }
    std::filesystem::path lockFile() const { return m_root / "LOCK"; }
    std::filesystem::path indexFile() const { return m_root / "index.sqlite3"; }
    std::filesystem::path quarantine() const { return m_root / "quarantine"; }
    std::filesystem::path incoming() const { return m_root / "incoming"; }
    std::filesystem::path subfolder(std::size_t number) const;       // of blocks/
    std::filesystem::path block(const BlockKey& key) const { return m_root / coldFileName(key); }
    std::filesystem::path unfinished(const BlockKey& key, std::uint64_t number) const;  // while it is written; REQUIRES a new number
    static std::size_t subfolderOf(const BlockKey& key) { return static_cast<std::size_t>(key.high >> 56); }
    static std::optional<BlockKey> keyOfName(std::string_view name);  // "3f07...c2.safetensors"
    static bool isUnfinished(std::string_view name) { return name.ends_with(".part"); }

    // Makes the folders that are missing.
    Expected<void> make() const;

private:
    base::FileSystem* m_files;
    std::filesystem::path m_root;
};

// NotFound, Io: the file could not be read. Corrupt: it is no block, or not the one that key names.
Expected<ColdFile> openColdFile(base::FileSystem& files, const std::filesystem::path& path, const BlockKey& key);

// Reads all of the payload, checks it against the checksum and leaves the parts that have a target there; what the targets
// hold after an Error is unspecified. InvalidArgument: a target's part is not in the file, or has another size.
Expected<void> readColdPayload(const ColdFile& file, std::span<const ColdTarget> targets, ColdScratch& scratch);

// Writes a whole file; it is not synced yet. Gives back the open file for that.
Expected<std::unique_ptr<base::OpenFile>> writeColdFile(base::FileSystem& files, const std::filesystem::path& path, const std::string& head,
                                                        std::span<const std::span<const std::byte>> payload);

}  // namespace larder::kv
