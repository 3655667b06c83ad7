#include "engine/base/sqlite_vfs.h"

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <new>
#include <utility>

namespace larder::base {

struct SqliteVfs::Inner {
    explicit Inner(FileSystem& disk) : files(disk) {}

    FileSystem& files;
    std::string name;
    sqlite3_vfs vfs{};
    std::optional<Error> error;

    // Keeps the Error and returns SQLite's number for it.
    int failed(const Error& what, int number) {
        error = what;
        return what.code == ErrorCode::NoSpace ? SQLITE_FULL : number;
    }
    int resultOf(const Expected<void>& done, int number) { return done.ok() ? SQLITE_OK : failed(done.error(), number); }
};

namespace {

// SQLite allocates it and knows its first member; io.pMethods is null while it is not open.
struct VfsFile {
    sqlite3_file io;
    SqliteVfs::Inner* vfs;
    OpenFile* file;
    std::string* folderToSync;  // null: the name of the file is on the disk
};

VfsFile& fileOf(sqlite3_file* io) { return *reinterpret_cast<VfsFile*>(io); }
SqliteVfs::Inner& vfsOf(sqlite3_vfs* vfs) { return *static_cast<SqliteVfs::Inner*>(vfs->pAppData); }

int closeFile(sqlite3_file* io) {
    VfsFile& file = fileOf(io);
    delete file.folderToSync;
    delete file.file;
    file = {};
    return SQLITE_OK;
}

int readFrom(sqlite3_file* io, void* bytes, int count, sqlite3_int64 offset) {
    VfsFile& file = fileOf(io);
    const std::span wanted(static_cast<std::byte*>(bytes), static_cast<std::size_t>(count));
    const auto got = file.file->readAt(static_cast<std::uint64_t>(offset), wanted);
    if (!got.ok()) return file.vfs->failed(got.error(), SQLITE_IOERR_READ);
    if (*got == wanted.size()) return SQLITE_OK;
    std::fill(wanted.begin() + static_cast<std::ptrdiff_t>(*got), wanted.end(), std::byte{0});
    return SQLITE_IOERR_SHORT_READ;
}

int writeTo(sqlite3_file* io, const void* bytes, int count, sqlite3_int64 offset) {
    VfsFile& file = fileOf(io);
    const std::span given(static_cast<const std::byte*>(bytes), static_cast<std::size_t>(count));
    return file.vfs->resultOf(file.file->writeAt(static_cast<std::uint64_t>(offset), given), SQLITE_IOERR_WRITE);
}

int truncateFile(sqlite3_file* io, sqlite3_int64 size) {
    VfsFile& file = fileOf(io);
    return file.vfs->resultOf(file.file->resize(static_cast<std::uint64_t>(size)), SQLITE_IOERR_TRUNCATE);
}

int syncFile(sqlite3_file* io, int /*flags*/) {
    VfsFile& file = fileOf(io);
    if (auto synced = file.file->sync(); !synced.ok()) return file.vfs->failed(synced.error(), SQLITE_IOERR_FSYNC);
    if (file.folderToSync == nullptr) return SQLITE_OK;
    if (auto synced = file.vfs->files.syncFolder(*file.folderToSync); !synced.ok())
        return file.vfs->failed(synced.error(), SQLITE_IOERR_DIR_FSYNC);
    delete std::exchange(file.folderToSync, nullptr);
    return SQLITE_OK;
}

int sizeOfFile(sqlite3_file* io, sqlite3_int64* size) {
    VfsFile& file = fileOf(io);
    const auto bytes = file.file->size();
    if (!bytes.ok()) return file.vfs->failed(bytes.error(), SQLITE_IOERR_FSTAT);
    *size = static_cast<sqlite3_int64>(*bytes);
    return SQLITE_OK;
}

int changeLock(sqlite3_file*, int) { return SQLITE_OK; }

int seeReservedLock(sqlite3_file*, int* isReserved) {
    *isReserved = 0;
    return SQLITE_OK;
}

int controlFile(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int sectorBytes(sqlite3_file*) { return 4096; }
// Writing a part of a sector never harms the rest of it: what all file systems of today promise.
int characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

// Version 1: no shared memory, so no second connection, and no mapped files.
constexpr sqlite3_io_methods kMethods = {
    .iVersion = 1, .xClose = closeFile, .xRead = readFrom, .xWrite = writeTo, .xTruncate = truncateFile, .xSync = syncFile,
    .xFileSize = sizeOfFile, .xLock = changeLock, .xUnlock = changeLock, .xCheckReservedLock = seeReservedLock,
    .xFileControl = controlFile, .xSectorSize = sectorBytes, .xDeviceCharacteristics = characteristics,
    .xShmMap = nullptr, .xShmLock = nullptr, .xShmBarrier = nullptr, .xShmUnmap = nullptr, .xFetch = nullptr, .xUnfetch = nullptr};

int openFile(sqlite3_vfs* vfs, const char* name, sqlite3_file* io, int flags, int* flagsNow) {
    SqliteVfs::Inner& inner = vfsOf(vfs);
    new (io) VfsFile{};
    if (name == nullptr) return SQLITE_CANTOPEN;  // a temporary one: those are kept in memory ("temp_store")
    const bool mayMake = (flags & SQLITE_OPEN_CREATE) != 0;
    const bool mayWrite = (flags & SQLITE_OPEN_READWRITE) != 0;
    const bool isNew = !inner.files.exists(name);
    if (isNew && !mayMake) return inner.failed({ErrorCode::NotFound, "cannot open " + std::string(name) + ": there is none"}, SQLITE_CANTOPEN);
    auto file = inner.files.open(name, mayWrite ? OpenMode::Write : OpenMode::Read);
    if (!file.ok()) return inner.failed(file.error(), SQLITE_CANTOPEN);
    auto folder = isNew ? std::make_unique<std::string>(std::filesystem::path(name).parent_path().string()) : nullptr;
    new (io) VfsFile{{&kMethods}, &inner, file->release(), folder.release()};
    if (flagsNow != nullptr) *flagsNow = flags;
    return SQLITE_OK;
}

int removeNamed(sqlite3_vfs* vfs, const char* name, int syncsFolder) {
    SqliteVfs::Inner& inner = vfsOf(vfs);
    if (auto removed = inner.files.remove(name); !removed.ok()) return inner.failed(removed.error(), SQLITE_IOERR_DELETE);
    if (syncsFolder == 0) return SQLITE_OK;
    return inner.resultOf(inner.files.syncFolder(std::filesystem::path(name).parent_path()), SQLITE_IOERR_DIR_FSYNC);
}

int seeNamed(sqlite3_vfs* vfs, const char* name, int /*whatFor*/, int* isThere) {
    *isThere = vfsOf(vfs).files.exists(name) ? 1 : 0;
    return SQLITE_OK;
}

int makeFullName(sqlite3_vfs*, const char* name, int bytes, char* full) {
    const std::size_t size = std::strlen(name) + 1;
    if (size > static_cast<std::size_t>(bytes)) return SQLITE_CANTOPEN;
    std::memcpy(full, name, size);
    return SQLITE_OK;
}

int makeRandom(sqlite3_vfs*, int bytes, char* random) {
    sqlite3_vfs* system = sqlite3_vfs_find(nullptr);
    return system->xRandomness(system, bytes, random);
}

int sleepFor(sqlite3_vfs*, int microseconds) {
    sqlite3_vfs* system = sqlite3_vfs_find(nullptr);
    return system->xSleep(system, microseconds);
}

// Milliseconds since noon of 24 November 4714 BC.
int tellTime(sqlite3_vfs* vfs, sqlite3_int64* milliseconds) {
    constexpr sqlite3_int64 kOf1970 = 210'866'760'000'000;
    *milliseconds = kOf1970 + vfsOf(vfs).files.unixMs();
    return SQLITE_OK;
}

int tellTimeInDays(sqlite3_vfs* vfs, double* days) {
    sqlite3_int64 milliseconds = 0;
    tellTime(vfs, &milliseconds);
    *days = static_cast<double>(milliseconds) / 86'400'000;
    return SQLITE_OK;
}

int tellLastError(sqlite3_vfs*, int, char*) { return 0; }

}  // namespace

SqliteVfs::SqliteVfs(FileSystem& files) : m_inner(std::make_unique<Inner>(files)) {
    static std::atomic<int> count{0};
    m_inner->name = "larder-" + std::to_string(++count);
    sqlite3_vfs& vfs = m_inner->vfs;
    vfs.iVersion = 2;
    vfs.szOsFile = sizeof(VfsFile);
    vfs.mxPathname = 4096;
    vfs.zName = m_inner->name.c_str();
    vfs.pAppData = m_inner.get();
    vfs.xOpen = openFile;
    vfs.xDelete = removeNamed;
    vfs.xAccess = seeNamed;
    vfs.xFullPathname = makeFullName;
    vfs.xRandomness = makeRandom;
    vfs.xSleep = sleepFor;
    vfs.xCurrentTime = tellTimeInDays;
    vfs.xGetLastError = tellLastError;
    vfs.xCurrentTimeInt64 = tellTime;
    if (sqlite3_vfs_register(&vfs, 0) != SQLITE_OK) throw std::bad_alloc();
}

SqliteVfs::~SqliteVfs() { sqlite3_vfs_unregister(&m_inner->vfs); }

const std::string& SqliteVfs::name() const { return m_inner->name; }

std::optional<Error> SqliteVfs::takeError() { return std::exchange(m_inner->error, std::nullopt); }

}  // namespace larder::base
