// What a disk has after a power cut, for FaultyFileSystem: of a file that was not synced, of a folder that was not. Everything
// random comes from the given generator. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace larder::support {

using Random = std::mt19937_64;

inline std::uint64_t randomBelow(Random& random, std::uint64_t bound) { return random() % bound; }

inline constexpr std::size_t kSectorBytes = 512;  // what a disk writes as one

// What the disk has of one file for sure, and what may or may not be there.
class UnsyncedContent {
public:
    UnsyncedContent() = default;
    explicit UnsyncedContent(std::vector<std::byte> durable) : m_durable(std::move(durable)) {}

    void noteWrite(std::uint64_t offset, std::span<const std::byte> bytes);
    void noteSize(std::uint64_t bytes);  // the file has it since now
    void flipBit(std::uint64_t bit);     // on the disk and on its way there

    // Of every sector any of its contents since, of the sizes likewise; what was never written is 0.
    std::vector<std::byte> surviving(Random& random) const;

private:
    struct Write {
        std::uint64_t offset = 0;
        std::vector<std::byte> bytes;
    };
    template <class Visit>
    void eachPiece(Visit&& visit) const;  // (offset, bytes): of one write, within one sector; in order

    std::vector<std::byte> m_durable;
    std::vector<Write> m_writes;         // since then, in order
    std::vector<std::uint64_t> m_sizes;
};

using ContentPtr = std::shared_ptr<UnsyncedContent>;

// Names are absolute paths without a slash at their end: "/a/b".
struct DiskNames {
    std::map<std::string, ContentPtr> files;
    std::set<std::string> folders;       // without "/"

    bool hasHome(const std::string& path) const;  // its folder is there
};

// One change of names; survives surely once its folder was synced (of a renaming: the new one).
struct NameChange {
    enum class Kind { MakeFile, MakeFolder, Rename, Remove } kind = Kind::Remove;
    std::string path;                    // Rename: the new one
    std::string from = {};               // Rename only
    ContentPtr content = {};             // MakeFile, Rename

    std::string folder() const;
    void applyTo(DiskNames& names) const;
};

class NameHistory {
public:
    const DiskNames& now() const { return m_now; }

    void note(NameChange change);
    void syncFolder(const std::string& folder);
    void settle(DiskNames names);        // these are now, and durable
    // The durable ones and the first changes since, how many differing from folder to folder. Names whose folder did not
    // survive are gone.
    DiskNames surviving(Random& random) const;

private:
    DiskNames m_now;
    DiskNames m_durable;
    std::vector<NameChange> m_changes;   // from m_durable to m_now
};

}  // namespace larder::support
