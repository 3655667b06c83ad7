#include "tests/support/power_cut.h"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace larder::support {
namespace {

std::string folderOfName(const std::string& path) { return std::filesystem::path(path).parent_path().string(); }

}  // namespace

void UnsyncedContent::noteWrite(std::uint64_t offset, std::span<const std::byte> bytes) {
    m_writes.push_back({offset, {bytes.begin(), bytes.end()}});
}

void UnsyncedContent::noteSize(std::uint64_t bytes) { m_sizes.push_back(bytes); }

void UnsyncedContent::flipBit(std::uint64_t bit) {
    const auto mask = static_cast<std::byte>(1u << (bit % 8));
    const std::uint64_t at = bit / 8;
    if (at < m_durable.size()) m_durable[at] ^= mask;
    for (Write& write : m_writes)
        if (at >= write.offset && at - write.offset < write.bytes.size()) write.bytes[at - write.offset] ^= mask;
}

template <class Visit>
void UnsyncedContent::eachPiece(Visit&& visit) const {
    for (const auto& [offset, bytes] : m_writes) {
        for (std::uint64_t at = offset; at < offset + bytes.size();) {
            const std::uint64_t end = std::min<std::uint64_t>((at / kSectorBytes + 1) * kSectorBytes, offset + bytes.size());
            visit(at, std::span(bytes).subspan(at - offset, end - at));
            at = end;
        }
    }
}

std::vector<std::byte> UnsyncedContent::surviving(Random& random) const {
    std::vector<std::uint64_t> sizes = m_sizes;
    sizes.push_back(m_durable.size());
    const std::uint64_t size = sizes[randomBelow(random, sizes.size())];
    std::vector<std::byte> bytes = m_durable;
    bytes.resize(*std::max_element(sizes.begin(), sizes.end()));
    std::map<std::uint64_t, std::uint64_t> writesOf;  // by sector: how many of its writes happened
    eachPiece([&](std::uint64_t at, std::span<const std::byte>) { ++writesOf[at / kSectorBytes]; });
    for (auto& [sector, count] : writesOf) count = randomBelow(random, count + 1);
    eachPiece([&](std::uint64_t at, std::span<const std::byte> piece) {
        std::uint64_t& left = writesOf[at / kSectorBytes];
        if (left == 0) return;
        --left;
        std::copy(piece.begin(), piece.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
    });
    bytes.resize(size);
    return bytes;
}

bool DiskNames::hasHome(const std::string& path) const {
    const std::string folder = folderOfName(path);
    return folder == "/" || folders.contains(folder);
}

std::string NameChange::folder() const { return folderOfName(path); }

void NameChange::applyTo(DiskNames& names) const {
    switch (kind) {
        case Kind::MakeFile: names.files[path] = content; break;
        case Kind::MakeFolder: names.folders.insert(path); break;
        case Kind::Rename:
            if (const auto old = names.files.find(from); old != names.files.end() && old->second == content) names.files.erase(old);
            names.files[path] = content;
            break;
        case Kind::Remove:
            names.files.erase(path);
            names.folders.erase(path);
            break;
    }
}

void NameHistory::note(NameChange change) {
    change.applyTo(m_now);
    m_changes.push_back(std::move(change));
}

void NameHistory::syncFolder(const std::string& folder) {
    std::vector<NameChange> waiting;
    for (NameChange& change : m_changes) {
        if (change.folder() != folder) {
            waiting.push_back(std::move(change));
            continue;
        }
        change.applyTo(m_durable);
        // A file that came from another folder is there no more, even if that folder's changes never get so far.
        if (change.kind == NameChange::Kind::Rename)
            std::erase_if(waiting, [&](const NameChange& earlier) { return earlier.path == change.from && earlier.content == change.content; });
    }
    m_changes = std::move(waiting);
}

void NameHistory::settle(DiskNames names) {
    m_durable = names;
    m_now = std::move(names);
    m_changes.clear();
}

DiskNames NameHistory::surviving(Random& random) const {
    std::map<std::string, std::uint64_t> left;  // by folder: how many changes still happened
    for (const NameChange& change : m_changes) ++left[change.folder()];
    for (auto& [folder, count] : left) count = randomBelow(random, count + 1);
    DiskNames names = m_durable;
    for (const NameChange& change : m_changes) {
        std::uint64_t& count = left[change.folder()];
        if (count == 0) continue;
        --count;
        change.applyTo(names);
    }
    DiskNames reachable;
    for (const std::string& folder : names.folders)  // sorted: parents first
        if (reachable.hasHome(folder)) reachable.folders.insert(folder);
    for (const auto& [path, content] : names.files)
        if (reachable.hasHome(path)) reachable.files[path] = content;
    return reachable;
}

}  // namespace larder::support
