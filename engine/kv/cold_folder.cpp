#include "engine/kv/cold_folder.h"

#include <algorithm>
#include <utility>

namespace larder::kv {
namespace {

constexpr std::size_t kReadPiece = std::size_t{256} << 10;  // stays in the second-level cache until its checksum was taken
constexpr std::string_view kFileSuffix = ".safetensors";

Error damaged(const ColdFile& file, std::string_view what) {
    return Error{ErrorCode::Corrupt, "The block of KV " + hexOf(file.head.key) + " on the disk is damaged: " + std::string(what) + "."};
}

// Reads [offset, offset + bytes) in pieces that the checksum has seen while they are warm.
Expected<void> readPieces(const ColdFile& file, std::uint64_t offset, std::span<std::byte> bytes, ColdChecksum& checksum) {
    while (!bytes.empty()) {
        const auto piece = bytes.first(std::min(bytes.size(), kReadPiece));
        const auto got = file.file->readAt(offset, piece);
        if (!got) return got.error();
        if (*got != piece.size()) return damaged(file, "it ends too early");
        checksum.add(piece);
        offset += piece.size();
        bytes = bytes.subspan(piece.size());
    }
    return {};
}

Expected<void> skipPieces(const ColdFile& file, std::uint64_t offset, std::size_t bytes, ColdChecksum& checksum, ColdScratch& scratch) {
    scratch.stored.resize(std::max(scratch.stored.size(), std::min(bytes, kReadPiece)));
    while (bytes > 0) {
        const std::size_t piece = std::min(bytes, kReadPiece);
        if (auto read = readPieces(file, offset, std::span(scratch.stored).first(piece), checksum); !read) return read;
        offset += piece;
        bytes -= piece;
    }
    return {};
}

}  // namespace

std::filesystem::path ColdFolder::subfolder(std::size_t number) const {
    constexpr char kDigits[] = "0123456789abcdef";
    return m_root / "blocks" / std::string{kDigits[number >> 4 & 15], kDigits[number & 15]};
}

std::filesystem::path ColdFolder::unfinished(const BlockKey& key, std::uint64_t number) const {
    std::filesystem::path path = block(key);
    path += "." + std::to_string(number) + ".part";
    return path;
}

std::optional<BlockKey> ColdFolder::keyOfName(std::string_view name) {
    if (!name.ends_with(kFileSuffix)) return std::nullopt;
    return keyOfHex(name.substr(0, name.size() - kFileSuffix.size()));
}

Expected<void> ColdFolder::make() const {
    for (const auto& folder : {m_root, m_root / "blocks", quarantine(), incoming()})
        if (auto made = m_files->makeFolder(folder); !made) return made;
    return {};
}

Expected<ColdFile> openColdFile(base::FileSystem& files, const std::filesystem::path& path, const BlockKey& key) {
    auto opened = files.open(path, base::OpenMode::Read);
    if (!opened) return std::move(opened).error();
    ColdFile file;
    file.file = std::move(opened).value();
    const auto bytes = file.file->size();
    if (!bytes) return bytes.error();
    const auto got = file.file->readAt(0, file.headBytes);
    if (!got) return got.error();
    auto head = readColdHead(std::span(file.headBytes).first(*got), *bytes);
    if (!head) return std::move(head).error();
    file.head = std::move(head).value();
    if (file.head.key != key) return damaged(file, "its name is that of another");
    return file;
}

Expected<void> readColdPayload(const ColdFile& file, std::span<const ColdTarget> targets, ColdScratch& scratch) {
    const auto targetOf = [&](int group) {
        return std::find_if(targets.begin(), targets.end(), [&](const ColdTarget& target) { return target.group == group; });
    };
    for (const ColdTarget& target : targets) {
        const auto part = std::find_if(file.head.parts.begin(), file.head.parts.end(),
                                       [&](const ColdHead::Part& each) { return each.group == target.group; });
        if (part == file.head.parts.end() || part->rawBytes != target.bytes.size())
            return Error{ErrorCode::InvalidArgument, "The block of KV " + hexOf(file.head.key) + " does not have the part that was asked for."};
    }
    ColdChecksum checksum(file.headBytes);
    std::uint64_t offset = kColdHeadBytes;
    // A compressed part is unpacked before its checksum is complete: the scratch buffer is used again by the next part.
    bool unpacked = true;
    for (const ColdHead::Part& part : file.head.parts) {
        const auto target = targetOf(part.group);
        Expected<void> read;
        if (target == targets.end()) {
            read = skipPieces(file, offset, part.storedBytes, checksum, scratch);
        } else if (part.codec == ColdCodec::None) {
            read = readPieces(file, offset, target->bytes, checksum);
        } else {
            scratch.stored.resize(std::max(scratch.stored.size(), part.storedBytes));
            const auto stored = std::span(scratch.stored).first(part.storedBytes);
            read = readPieces(file, offset, stored, checksum);
            if (read && !scratch.compressor.decompress(stored, file.head.elementBytes, target->bytes)) unpacked = false;
        }
        if (!read) return read;
        offset += part.storedBytes;
    }
    if (!checksum.ok()) return damaged(file, "its checksum is wrong");
    if (!unpacked) return damaged(file, "a part cannot be unpacked");
    return {};
}

Expected<std::unique_ptr<base::OpenFile>> writeColdFile(base::FileSystem& files, const std::filesystem::path& path, const std::string& head,
                                                        std::span<const std::span<const std::byte>> payload) {
    auto opened = files.open(path, base::OpenMode::Replace);
    if (!opened) return std::move(opened).error();
    std::unique_ptr<base::OpenFile> file = std::move(opened).value();
    if (auto written = file->writeAt(0, std::as_bytes(std::span(head))); !written) return std::move(written).error();
    std::uint64_t offset = head.size();
    for (const auto& part : payload) {
        if (auto written = file->writeAt(offset, part); !written) return std::move(written).error();
        offset += part.size();
    }
    return file;
}

}  // namespace larder::kv
