// A disk that fails on purpose, for tests of what must survive it. It keeps, beside what is read now, what a power cut would
// leave: of every file the content at its last sync() and the writes since, of every folder the names at its last
// syncFolder() and the changes since. Everything random comes from the seed and the order of the calls. Any thread.
//
//     FaultyFileSystem files(seed);  {a store works on files}  files.powerCut();  {it ends}  files.boot();  {another one opens}
#pragma once

#include <mutex>
#include <optional>

#include "engine/base/file_system.h"
#include "tests/support/power_cut.h"

namespace larder::support {

// How often (0 to 1) each operation goes wrong.
struct FaultPlan {
    double tornWrite = 0;     // some of its sectors are written, then Io
    double failedWrite = 0;   // nothing is, then Io (resize() too)
    double noSpace = 0;       // a beginning of it is written, then NoSpace (resize() too, and what makes files or folders)
    double failedRead = 0;
    double failedSync = 0;    // sync() and syncFolder(); nothing is safer than before
    double failedOpen = 0;
    double failedName = 0;    // rename(), remove(), makeFolder(): nothing happened
};

class FaultyFileSystem final : public base::FileSystem {
public:
    explicit FaultyFileSystem(std::uint64_t seed = 1, std::uint64_t capacityBytes = std::uint64_t{1} << 40);
    ~FaultyFileSystem() override;

    // ---- What a test does to it.
    void plan(const FaultPlan& plan);
    void full(bool isFull);          // from now on: NoSpace for every write and everything new; nothing is free
    void failWrites(bool isFailing); // Io
    void failReads(bool isFailing);  // Io
    void flipBit(const std::filesystem::path& path, std::uint64_t bit);  // on the disk; REQUIRES that the file is that long
    void setClock(std::int64_t ms);  // stands still from now on
    void jumpClock(std::int64_t ms); // by so much

    // Everything is on the disk, as if all files and folders had been synced.
    void settle();
    // Io for everything until boot(), and for handles and locks of before also after it. Of what was not synced, a part
    // survives: of every sector any of its contents since, of every size likewise, and of the changes of names in a folder
    // the first ones, how many differing from folder to folder. Renaming a folder is durable at once (a simplification).
    void powerCut();
    void powerCutAfter(std::uint64_t changes);  // in the midst of the change of that number from now on, from 1
    void boot();                                // forgets plan(), full() and the like too
    bool isOff() const;
    // Writes, resizes, syncs, new files and folders, renames and removals so far.
    std::uint64_t changes() const;

    // ---- FileSystem.
    Expected<std::unique_ptr<base::OpenFile>> open(const std::filesystem::path& path, base::OpenMode mode) override;
    Expected<std::vector<base::FolderEntry>> list(const std::filesystem::path& folder) override;
    bool exists(const std::filesystem::path& path) override;
    std::uint64_t diskBytes(const std::filesystem::path& path) override;
    Expected<void> makeFolder(const std::filesystem::path& path) override;
    Expected<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
    Expected<void> remove(const std::filesystem::path& path) override;
    Expected<void> syncFolder(const std::filesystem::path& folder) override;
    Expected<std::uint64_t> freeBytes(const std::filesystem::path& folder) override;
    Expected<std::unique_ptr<base::FileLockHandle>> lock(const std::filesystem::path& path) override;
    std::int64_t unixMs() const override;

private:
    class File;

    bool happens(double probability);
    bool countChange();  // true: the power goes during this one
    Expected<void> afterChange(const std::filesystem::path& path);
    void settleAll();
    void cut();
    std::optional<Error> refusalToName(const std::filesystem::path& path, bool adds);

    Expected<void> writeTo(File& file, std::uint64_t offset, std::span<const std::byte> bytes);
    Expected<void> resizeTo(File& file, std::uint64_t bytes);
    Expected<void> syncOf(File& file);

    mutable std::mutex m_mutex;
    Random m_random;
    std::uint64_t m_capacityBytes;
    std::unique_ptr<base::FileSystem> m_now;   // what is read
    NameHistory m_names;                       // what is where, there and after a power cut
    std::uint64_t m_cuts = 0;
    bool m_isOff = false;
    FaultPlan m_plan;
    bool m_isFull = false;
    bool m_failWrites = false;
    bool m_failReads = false;
    std::uint64_t m_changeCount = 0;
    std::uint64_t m_cutAt = 0;                 // m_changeCount at which the power goes; 0: not planned
    std::optional<std::int64_t> m_clockMs;
    std::int64_t m_clockOffsetMs = 0;
};

}  // namespace larder::support
