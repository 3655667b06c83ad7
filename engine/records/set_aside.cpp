#include "engine/records/set_aside.h"

namespace larder::records {

Expected<void> setAside(const std::filesystem::path& file, base::FileSystem& files) {
    for (const char* suffix : {"-wal", "-shm", "-journal"}) {
        std::filesystem::path beside = file;
        beside += suffix;
        // Replayed into another database, they would break that one too.
        if (auto removed = files.remove(beside); !removed) return removed;
    }
    std::filesystem::path broken = file;
    broken += ".broken";
    return files.rename(file, broken);
}

Expected<void> removeDatabase(const std::filesystem::path& file, base::FileSystem& files) {
    for (const char* ending : {"", "-wal", "-shm"}) {
        std::filesystem::path each = file;
        if (auto removed = files.remove(each += ending); !removed) return removed;
    }
    return {};
}

}  // namespace larder::records
