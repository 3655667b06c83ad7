// What one does by hand with the KV that is kept: list, pin, clear, verify, export, import. Behind Engine::cache() while a server
// runs; openCache() gives the same over the files while none does. Any thread; every verb blocks on the disk.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "engine/cache.h"
#include "engine/error.h"
#include "engine/settings.h"

namespace larder {

class CacheControl {
public:
    virtual ~CacheControl() = default;

    virtual ColdTierStatus status() const = 0;  // does not block
    virtual Expected<CacheListing> list() = 0;
    // id: CachedPrefix::id, or a beginning that names one (NotFound, InvalidArgument where it names several). Pins every block
    // from the first token on. NoSpace, with the numbers: all pins together would exceed the limit.
    virtual Expected<void> pin(const std::string& id, bool pinned) = 0;
    // Of this model (as it is called in list(); NotFound), or of all (empty): then the answers remembered for
    // replay go too. In RAM too, what running requests read excepted.
    virtual Expected<CacheCleared> clear(const std::string& model, bool pinnedToo) = 0;
    // Reads and checks every file; bad ones go to quarantine. progress: fraction done; false stops. May be empty.
    virtual Expected<CacheVerified> verify(const std::function<bool(double)>& progress) = 0;
    // One file that importPrefix() takes on any machine with the same model, KV type and version. Replaces a file of that name.
    virtual Expected<ExportedPrefix> exportPrefix(const std::string& id, const std::filesystem::path& file) = 0;
    // Computes one block of it anew, chosen at random, and takes it over only when every bit is the same (design §5.12): loads
    // the model first if need be. Corrupt: it is not. NotFound: no model here has this content. Without a server: Unsupported.
    virtual Expected<ImportedPrefix> importPrefix(const std::filesystem::path& file) = 0;
};

// Unavailable: a server (or another command) has the files; Io, PermissionDenied: the folder cannot be used.
Expected<std::unique_ptr<CacheControl>> openCache(const Settings& settings);

}  // namespace larder
