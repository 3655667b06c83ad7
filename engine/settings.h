// What the user decided, with its defaults; stored as <baseDir>/settings.json, overridden by the command line.
// A plain value: copy it, never share it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/error.h"
#include "engine/types.h"

namespace larder {

// How KV is stored on the disk.
enum class ColdCompression { None, Zstd };

struct Settings {
    std::filesystem::path baseDir;             // default ~/.larder
    std::filesystem::path modelDir;            // default <baseDir>/models
    std::string host = "127.0.0.1";            // an address; anything but loopback needs an API key
    std::uint16_t port = 1337;                 // 0 = any free port
    bool requireApiKey = true;                 // --no-api-key turns it off (loopback only)
    std::string apiKey;                        // empty: the one in <baseDir>/api-key, made on first start
    std::string defaultModel;                  // name or path; empty: serve all, load what a request names
    std::optional<std::size_t> hotCacheBytes;  // empty: the rule of design §5.6
    std::optional<std::size_t> coldCacheBytes; // KV on the disk; 0 = none; empty: the smaller of 20 GB and 10 % of the free space
    ColdCompression coldCompression = ColdCompression::None;
    std::uint64_t coldBytesPerDay = 100'000'000'000;  // past it only pinned prefixes and those used twice are written; 0 = no limit
    std::uint64_t coldFloorBytes = 2'000'000'000;     // free disk space that is left to others
    KvType kvType = KvType::F16;
    std::size_t contextTokens = 0;             // 0 = the model's own window
    std::size_t maxRunning = 8;                // sequences computed at the same time
    std::size_t maxWaiting = 256;              // requests queued behind them; more get 503
    std::size_t threads = 0;                   // 0 = one per physical core
    std::optional<std::size_t> modelMemoryBytes;  // weights of all loaded models together; empty: what the machine has free
    std::size_t idleUnloadMinutes = 0;         // a model without requests for so long is unloaded; 0 = never
    std::vector<std::string> pinnedModels;     // names; see Engine::pin

    // Models from Hugging Face (engine/hub.h). The token is not here: it has a file of its own.
    std::string hubEndpoint;                   // empty: HF_ENDPOINT, else the hub itself
    std::string proxy;                         // empty: the environment's
    std::filesystem::path caFile;              // extra certificates (PEM); empty: the system's
    std::size_t downloadConnections = 4;       // parallel ranges of one file, 1 to 16
    bool useHuggingFaceCache = true;           // list the models that other programs keep there

    // The tray app.
    bool setupDone = false;                    // the wizard was finished
    bool startServerOnLaunch = true;
    std::string appearance = "system";         // "system", "light", "dark"
    std::string language;                      // "de"; empty: the desktop's
    bool keepRunningWhenClosed = true;         // closing the window leaves the tray icon; asked once where there is no tray
    bool closeAsked = false;                   // that question was answered
    bool notifications = true;
    std::uint64_t lowDiskBytes = 2'000'000'000;  // warn below this; 0 = never

    bool operator==(const Settings&) const = default;
};

// Empty, or one sentence naming the setting that is wrong: for forms, before anything is written. Looks at values only,
// not at the machine.
std::string findSettingsProblem(const Settings& settings);

// Whether going from one to the other takes effect only when the server starts anew.
bool needsServerRestart(const Settings& before, const Settings& after);

// LARDER_BASE_DIR when set, else what rememberBaseDir() noted, else ~/.larder.
std::filesystem::path defaultBaseDir();

// From now on this is the base directory of whoever does not name one: noted in $XDG_CONFIG_HOME/larder/base-dir (one line);
// ~/.larder removes the note.
Expected<void> rememberBaseDir(const std::filesystem::path& baseDir);

// "~" and "~/x" mean the home directory; everything else is made absolute. Empty stays empty.
std::filesystem::path expandPath(const std::filesystem::path& path);

// Reads <baseDir>/settings.json over the defaults; a missing file is the defaults; a broken one is an Error naming the
// key. Creates nothing. Any thread; blocks on the disk.
Expected<Settings> loadSettings(const std::filesystem::path& baseDir);

// Writes settings.json (temp file and rename, mode 0600). Keys it does not know are kept.
Expected<void> saveSettings(const Settings& settings);

// Replaces the key by a new one. The old one stops working when the server starts anew.
Expected<std::string> renewApiKey(const std::filesystem::path& baseDir);

// The key in <baseDir>/api-key; made there on first use (32 random bytes as hex, mode 0600, directory 0700).
Expected<std::string> loadOrCreateApiKey(const std::filesystem::path& baseDir);

// "512M", "20G", "1.5GiB", "4096" -> bytes (K, M, G, T are powers of 1024). Error names what was not understood.
Expected<std::size_t> parseSize(const std::string& text);

}  // namespace larder
