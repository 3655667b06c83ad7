#include "tests/support/faulty_file_system.h"

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "engine/base/clock.h"

namespace larder::support {

using base::OpenFile;
using base::OpenMode;

namespace {

Error offError(const std::filesystem::path& path) { return {ErrorCode::Io, "cannot reach " + path.string() + ": the power is off"}; }
Error brokenError(const std::filesystem::path& path) { return {ErrorCode::Io, "cannot use " + path.string() + ": the disk is broken"}; }
Error fullError(const std::filesystem::path& path) { return {ErrorCode::NoSpace, "cannot write " + path.string() + ": the disk is full"}; }

std::string keyOf(const std::filesystem::path& path) {
    std::string text = path.lexically_normal().relative_path().string();
    if (text == ".") text.clear();
    while (text.ends_with('/')) text.pop_back();
    return "/" + text;
}

// What cannot fail here.
template <class T>
void expect(const Expected<T>& result) {
    if (!result.ok()) std::abort();
}

std::uint64_t sizeOf(const OpenFile& file) {
    const auto bytes = file.size();
    expect(bytes);
    return *bytes;
}

std::vector<std::byte> allOf(const OpenFile& file) {
    std::vector<std::byte> bytes(sizeOf(file));
    expect(file.readAt(0, bytes));
    return bytes;
}

}  // namespace

class FaultyFileSystem::File final : public OpenFile {
public:
    File(FaultyFileSystem& disk, std::filesystem::path name, ContentPtr later, std::unique_ptr<OpenFile> inner)
        : files(disk), path(std::move(name)), content(std::move(later)), now(std::move(inner)), cuts(disk.m_cuts) {}

    Expected<std::uint64_t> size() const override {
        std::lock_guard lock(files.m_mutex);
        if (isDead()) return offError(path);
        return now->size();
    }
    Expected<std::size_t> readAt(std::uint64_t offset, std::span<std::byte> bytes) const override {
        std::lock_guard lock(files.m_mutex);
        if (isDead()) return offError(path);
        if (files.m_failReads || files.happens(files.m_plan.failedRead)) return brokenError(path);
        return now->readAt(offset, bytes);
    }
    Expected<void> writeAt(std::uint64_t offset, std::span<const std::byte> bytes) override {
        std::lock_guard lock(files.m_mutex);
        return files.writeTo(*this, offset, bytes);
    }
    Expected<void> resize(std::uint64_t bytes) override {
        std::lock_guard lock(files.m_mutex);
        return files.resizeTo(*this, bytes);
    }
    Expected<void> sync() override {
        std::lock_guard lock(files.m_mutex);
        return files.syncOf(*this);
    }
    void expectRead(std::uint64_t, std::uint64_t) const override {}
    void forget() const override {}

    bool isDead() const { return files.m_isOff || files.m_cuts != cuts; }
    void settle() { *content = UnsyncedContent(allOf(*now)); }

    // Writes, and remembers that a power cut may undo it.
    Expected<void> put(std::uint64_t offset, std::span<const std::byte> bytes) {
        const std::uint64_t before = sizeOf(*now);
        if (auto written = now->writeAt(offset, bytes); !written.ok()) return written;
        // What a file was cut off by must not come back between its old end and this.
        if (offset > before) content->noteWrite(before, std::vector<std::byte>(offset - before));
        content->noteWrite(offset, bytes);
        if (sizeOf(*now) != before) content->noteSize(sizeOf(*now));
        return {};
    }

    FaultyFileSystem& files;
    const std::filesystem::path path;
    const ContentPtr content;
    const std::unique_ptr<OpenFile> now;
    const std::uint64_t cuts;
};

FaultyFileSystem::FaultyFileSystem(std::uint64_t seed, std::uint64_t capacityBytes)
    : m_random(seed), m_capacityBytes(capacityBytes), m_now(base::makeMemoryFileSystem(capacityBytes)) {}
FaultyFileSystem::~FaultyFileSystem() = default;

// ---- What a test does to it.

void FaultyFileSystem::plan(const FaultPlan& plan) {
    std::lock_guard lock(m_mutex);
    m_plan = plan;
}

void FaultyFileSystem::full(bool isFull) {
    std::lock_guard lock(m_mutex);
    m_isFull = isFull;
}

void FaultyFileSystem::failWrites(bool isFailing) {
    std::lock_guard lock(m_mutex);
    m_failWrites = isFailing;
}

void FaultyFileSystem::failReads(bool isFailing) {
    std::lock_guard lock(m_mutex);
    m_failReads = isFailing;
}

void FaultyFileSystem::flipBit(const std::filesystem::path& path, std::uint64_t bit) {
    std::lock_guard lock(m_mutex);
    const auto file = m_now->open(path, OpenMode::Write);
    expect(file);
    if (bit / 8 >= sizeOf(**file)) std::abort();
    std::byte value{};
    expect((*file)->readAt(bit / 8, {&value, 1}));
    value ^= static_cast<std::byte>(1u << (bit % 8));
    expect((*file)->writeAt(bit / 8, {&value, 1}));
    m_names.now().files.at(keyOf(path))->flipBit(bit);
}

void FaultyFileSystem::setClock(std::int64_t ms) {
    std::lock_guard lock(m_mutex);
    m_clockMs = ms;
}

void FaultyFileSystem::jumpClock(std::int64_t ms) {
    std::lock_guard lock(m_mutex);
    m_clockOffsetMs += ms;
}

void FaultyFileSystem::settle() {
    std::lock_guard lock(m_mutex);
    settleAll();
}

void FaultyFileSystem::powerCut() {
    std::lock_guard lock(m_mutex);
    if (!m_isOff) cut();
}

void FaultyFileSystem::powerCutAfter(std::uint64_t changes) {
    std::lock_guard lock(m_mutex);
    m_cutAt = m_changeCount + std::max<std::uint64_t>(changes, 1);
}

void FaultyFileSystem::boot() {
    std::lock_guard lock(m_mutex);
    m_isOff = m_isFull = m_failReads = m_failWrites = false;
    m_plan = {};
    m_cutAt = 0;
}

bool FaultyFileSystem::isOff() const {
    std::lock_guard lock(m_mutex);
    return m_isOff;
}

std::uint64_t FaultyFileSystem::changes() const {
    std::lock_guard lock(m_mutex);
    return m_changeCount;
}

// ---- How it comes about.

bool FaultyFileSystem::happens(double probability) {
    return probability > 0 && static_cast<double>(m_random() >> 11) * 0x1p-53 < probability;
}

bool FaultyFileSystem::countChange() { return ++m_changeCount == m_cutAt; }

void FaultyFileSystem::settleAll() {
    for (auto& [path, content] : m_names.now().files) {
        const auto file = m_now->open(path, OpenMode::Read);
        expect(file);
        *content = UnsyncedContent(allOf(**file));
    }
    m_names.settle(m_names.now());
}

void FaultyFileSystem::cut() {
    m_isOff = true;
    ++m_cuts;
    m_cutAt = 0;
    const DiskNames names = m_names.surviving(m_random);
    DiskNames fresh{.files = {}, .folders = names.folders};
    m_now = base::makeMemoryFileSystem(m_capacityBytes);
    for (const std::string& folder : names.folders) expect(m_now->makeFolder(folder));
    for (const auto& [path, content] : names.files) {
        const std::vector<std::byte> bytes = content->surviving(m_random);
        auto file = m_now->open(path, OpenMode::Write);
        expect(file);
        (void)(*file)->writeAt(0, bytes);  // empty when old and new files together are too much
        fresh.files[path] = std::make_shared<UnsyncedContent>(allOf(**file));
    }
    m_names.settle(std::move(fresh));
}

std::optional<Error> FaultyFileSystem::refusalToName(const std::filesystem::path& path, bool adds) {
    if (m_isOff) return offError(path);
    if (m_failWrites || happens(m_plan.failedName)) return brokenError(path);
    if (adds && (m_isFull || happens(m_plan.noSpace))) return fullError(path);
    return std::nullopt;
}

// After a change of names: the power may go in its midst.
Expected<void> FaultyFileSystem::afterChange(const std::filesystem::path& path) {
    if (!countChange()) return {};
    cut();
    return offError(path);
}

// ---- Writing.

Expected<void> FaultyFileSystem::writeTo(File& file, std::uint64_t offset, std::span<const std::byte> bytes) {
    if (file.isDead()) return offError(file.path);
    if (m_failWrites || happens(m_plan.failedWrite)) return brokenError(file.path);
    if (m_isFull) return fullError(file.path);
    Expected<void> done;
    if (happens(m_plan.noSpace)) {
        (void)file.put(offset, bytes.first(randomBelow(m_random, bytes.size() + 1)));
        done = fullError(file.path);
    } else if (happens(m_plan.tornWrite)) {
        for (std::size_t at = 0; at < bytes.size();) {
            const std::size_t count = std::min<std::size_t>(kSectorBytes - (offset + at) % kSectorBytes, bytes.size() - at);
            if (randomBelow(m_random, 2) == 0) (void)file.put(offset + at, bytes.subspan(at, count));
            at += count;
        }
        done = brokenError(file.path);
    } else {
        done = file.put(offset, bytes);
    }
    const Expected<void> powered = afterChange(file.path);
    return powered.ok() ? done : powered;
}

Expected<void> FaultyFileSystem::resizeTo(File& file, std::uint64_t bytes) {
    if (file.isDead()) return offError(file.path);
    if (m_failWrites || happens(m_plan.failedWrite)) return brokenError(file.path);
    const std::uint64_t before = sizeOf(*file.now);
    if (bytes > before && (m_isFull || happens(m_plan.noSpace))) return fullError(file.path);
    if (auto resized = file.now->resize(bytes); !resized.ok()) return resized;
    if (bytes > before) file.content->noteWrite(before, std::vector<std::byte>(bytes - before));
    if (bytes != before) file.content->noteSize(bytes);
    return afterChange(file.path);
}

Expected<void> FaultyFileSystem::syncOf(File& file) {
    if (file.isDead()) return offError(file.path);
    if (m_failWrites || happens(m_plan.failedSync)) return brokenError(file.path);
    const bool isCut = countChange();
    if (!isCut || randomBelow(m_random, 2) == 0) file.settle();
    if (isCut) cut();
    if (isCut) return offError(file.path);
    return {};
}

// ---- FileSystem.

Expected<std::unique_ptr<OpenFile>> FaultyFileSystem::open(const std::filesystem::path& path, OpenMode mode) {
    std::lock_guard lock(m_mutex);
    if (m_isOff) return offError(path);
    if (happens(m_plan.failedOpen)) return brokenError(path);
    const std::string key = keyOf(path);
    const bool isNew = mode != OpenMode::Read && !m_now->exists(key);
    if (isNew)
        if (auto refused = refusalToName(path, true)) return *refused;
    auto now = m_now->open(key, mode);
    if (!now.ok()) return Error{now.error()};
    if (isNew) m_names.note({.kind = NameChange::Kind::MakeFile, .path = key, .content = std::make_shared<UnsyncedContent>()});
    const ContentPtr content = m_names.now().files.at(key);
    if (!isNew && mode == OpenMode::Replace) content->noteSize(0);
    auto file = std::make_unique<File>(*this, path, content, std::move(*now));
    if (isNew || mode == OpenMode::Replace)
        if (auto powered = afterChange(path); !powered.ok()) return powered.error();
    return std::unique_ptr<OpenFile>(std::move(file));
}

Expected<std::vector<base::FolderEntry>> FaultyFileSystem::list(const std::filesystem::path& folder) {
    std::lock_guard lock(m_mutex);
    if (m_isOff) return offError(folder);
    if (m_failReads || happens(m_plan.failedRead)) return brokenError(folder);
    return m_now->list(folder);
}

bool FaultyFileSystem::exists(const std::filesystem::path& path) {
    std::lock_guard lock(m_mutex);
    return !m_isOff && m_now->exists(path);
}

std::uint64_t FaultyFileSystem::diskBytes(const std::filesystem::path& path) {
    std::lock_guard lock(m_mutex);
    return m_isOff ? 0 : m_now->diskBytes(path);
}

Expected<void> FaultyFileSystem::makeFolder(const std::filesystem::path& path) {
    std::lock_guard lock(m_mutex);
    const std::string key = keyOf(path);
    if (m_isOff) return offError(path);
    if (m_now->exists(key)) return m_now->makeFolder(key);
    if (auto refused = refusalToName(path, true)) return *refused;
    if (auto made = m_now->makeFolder(key); !made.ok()) return made;
    std::vector<std::string> missing;
    for (std::string each = key; each != "/" && !m_names.now().folders.contains(each); each = std::filesystem::path(each).parent_path().string())
        missing.push_back(each);
    for (auto each = missing.rbegin(); each != missing.rend(); ++each) m_names.note({.kind = NameChange::Kind::MakeFolder, .path = *each});
    return afterChange(path);
}

Expected<void> FaultyFileSystem::rename(const std::filesystem::path& from, const std::filesystem::path& to) {
    std::lock_guard lock(m_mutex);
    const std::string source = keyOf(from);
    const std::string target = keyOf(to);
    if (auto refused = refusalToName(from, false)) return *refused;
    if (auto renamed = m_now->rename(source, target); !renamed.ok()) return renamed;
    if (source == target) return {};
    if (const auto file = m_names.now().files.find(source); file != m_names.now().files.end()) {
        m_names.note({.kind = NameChange::Kind::Rename, .path = target, .from = source, .content = file->second});
        return afterChange(from);
    }
    DiskNames moved;
    const auto movedName = [&](const std::string& path) {
        return path == source || path.starts_with(source + "/") ? target + path.substr(source.size()) : path;
    };
    for (const auto& [path, content] : m_names.now().files) moved.files[movedName(path)] = content;
    for (const std::string& path : m_names.now().folders) moved.folders.insert(movedName(path));
    m_names.settle(std::move(moved));
    settleAll();
    return afterChange(from);
}

Expected<void> FaultyFileSystem::remove(const std::filesystem::path& path) {
    std::lock_guard lock(m_mutex);
    if (auto refused = refusalToName(path, false)) return *refused;
    const std::string key = keyOf(path);
    if (!m_now->exists(key)) return {};
    if (auto removed = m_now->remove(key); !removed.ok()) return removed;
    m_names.note({.kind = NameChange::Kind::Remove, .path = key});
    return afterChange(path);
}

Expected<void> FaultyFileSystem::syncFolder(const std::filesystem::path& folder) {
    std::lock_guard lock(m_mutex);
    if (m_isOff) return offError(folder);
    if (m_failWrites || happens(m_plan.failedSync)) return brokenError(folder);
    if (auto there = m_now->syncFolder(folder); !there.ok()) return there;
    const bool isCut = countChange();
    if (!isCut || randomBelow(m_random, 2) == 0) m_names.syncFolder(keyOf(folder));
    if (isCut) cut();
    if (isCut) return offError(folder);
    return {};
}

Expected<std::uint64_t> FaultyFileSystem::freeBytes(const std::filesystem::path& folder) {
    std::lock_guard lock(m_mutex);
    if (m_isOff) return offError(folder);
    if (m_isFull) return std::uint64_t{0};
    return m_now->freeBytes(folder);
}

Expected<std::unique_ptr<base::FileLockHandle>> FaultyFileSystem::lock(const std::filesystem::path& path) {
    std::lock_guard guard(m_mutex);
    const std::string key = keyOf(path);
    if (m_isOff) return offError(path);
    const bool isNew = !m_now->exists(key);
    if (isNew)
        if (auto refused = refusalToName(path, true)) return *refused;
    auto held = m_now->lock(key);
    if (!held.ok() || !isNew) return held;
    m_names.note({.kind = NameChange::Kind::MakeFile, .path = key, .content = std::make_shared<UnsyncedContent>()});
    if (auto powered = afterChange(path); !powered.ok()) return powered.error();
    return held;
}

std::int64_t FaultyFileSystem::unixMs() const {
    std::lock_guard lock(m_mutex);
    return m_clockMs.value_or(base::wallMs()) + m_clockOffsetMs;
}

}  // namespace larder::support
