#include "engine/settings.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <nlohmann/json.hpp>

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/base/log.h"
#include "engine/base/secret.h"
#include "engine/settings_limits.h"

namespace larder {
namespace {

using base::Json;

constexpr std::size_t kMaxSettingsBytes = 1 << 20;
std::filesystem::path settingsFile(const std::filesystem::path& baseDir) { return baseDir / "settings.json"; }

constexpr std::size_t kMaxNoteBytes = 64 * 1024;

// The home directory from the environment; where there is none (some services), the working directory.
std::filesystem::path homeDir() {
    const char* home = std::getenv("HOME");
    return home != nullptr && *home != '\0' ? std::filesystem::path(home) : std::filesystem::path(".");
}

// Reads one key after the other from settings.json; after the first Error the rest is skipped. A missing key and null
// leave the default.
class SettingsReader {
public:
    SettingsReader(const Json& document, const std::filesystem::path& file) : m_document(document), m_file(file) {}

    void text(const char* key, std::string& out) {
        const Json* value = find(key);
        if (value == nullptr) return;
        if (!value->is_string()) return fail(key, "must be a text in quotes");
        out = value->get<std::string>();
    }

    void flag(const char* key, bool& out) {
        const Json* value = find(key);
        if (value == nullptr) return;
        if (!value->is_boolean()) return fail(key, "must be true or false");
        out = value->get<bool>();
    }

    template <class Number>
    void number(const char* key, std::uint64_t least, std::uint64_t most, Number& out) {
        const Json* value = find(key);
        if (value == nullptr) return;
        if (!value->is_number_unsigned() || value->get<std::uint64_t>() < least || value->get<std::uint64_t>() > most)
            return fail(key, "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
        out = static_cast<Number>(value->get<std::uint64_t>());
    }

    // Bytes as a number, or a text such as "20G".
    void size(const char* key, std::optional<std::size_t>& out) {
        const Json* value = find(key);
        if (value == nullptr) return;
        if (value->is_number_unsigned()) {
            out = value->get<std::size_t>();
            return;
        }
        if (!value->is_string()) return fail(key, "must be a size such as \"20G\"");
        auto bytes = parseSize(value->get<std::string>());
        if (!bytes.ok()) return fail(key, "is not a size: " + bytes.error().message);
        out = *bytes;
    }

    void names(const char* key, std::vector<std::string>& out) {
        const Json* value = find(key);
        if (value == nullptr) return;
        const bool texts = value->is_array() && std::all_of(value->begin(), value->end(), [](const Json& each) { return each.is_string(); });
        if (!texts) return fail(key, "must be a list of names in quotes");
        out = value->get<std::vector<std::string>>();
    }

    void kvType(const char* key, KvType& out) {
        std::string name;
        text(key, name);
        if (m_error || name.empty()) return;
        if (name == "f16") out = KvType::F16;
        else if (name == "f32") out = KvType::F32;
        else fail(key, "must be \"f16\" or \"f32\"");
    }

    void compression(const char* key, ColdCompression& out) {
        std::string name;
        text(key, name);
        if (m_error || name.empty()) return;
        if (name == "none") out = ColdCompression::None;
        else if (name == "zstd") out = ColdCompression::Zstd;
        else fail(key, "must be \"none\" or \"zstd\"");
    }

    // Bytes as above; the default where the key is missing.
    void bytes(const char* key, std::uint64_t& out) {
        std::optional<std::size_t> value;
        size(key, value);
        if (value) out = *value;
    }

    // "~" is the home; other relative paths start at the folder of the settings.
    void path(const char* key, std::filesystem::path& out) {
        std::string name;
        text(key, name);
        if (name.empty()) return;
        out = name.front() == '~' ? expandPath(name) : (m_file.parent_path() / name).lexically_normal();
    }

    void appearance(const char* key, std::string& out) {
        std::string name;
        text(key, name);
        if (m_error || name.empty()) return;
        if (!isAppearance(name)) return fail(key, "must be \"system\", \"light\" or \"dark\"");
        out = name;
    }

    const std::optional<Error>& error() const { return m_error; }

private:
    const Json* find(const char* key) const {
        if (m_error) return nullptr;
        const auto found = m_document.find(key);
        return found == m_document.end() || found->is_null() ? nullptr : &*found;
    }

    void fail(const char* key, const std::string& rule) {
        m_error = Error{ErrorCode::InvalidArgument, m_file.string() + ": \"" + key + "\" " + rule};
    }

    const Json& m_document;
    const std::filesystem::path& m_file;
    std::optional<Error> m_error;
};

// The document in settings.json; an empty object if there is no file.
Expected<Json> readDocument(const std::filesystem::path& file) {
    auto text = base::readFile(file, kMaxSettingsBytes);
    if (!text.ok()) {
        if (text.error().code == ErrorCode::NotFound) return Json(Json::object());
        return text.error();
    }
    auto document = base::parseJson(*text);
    if (!document.ok())
        return Error{ErrorCode::InvalidArgument, file.string() + " cannot be read: " + document.error().message};
    if (!document->is_object())
        return Error{ErrorCode::InvalidArgument, file.string() + " must hold one JSON object { ... }"};
    return document;
}

// A setting at its default is left out, so that a better default of a later version reaches everyone.
template <class T>
void store(Json& document, const char* key, const T& value, bool isDefault) {
    if (isDefault) document.erase(key);
    else document[key] = value;
}

void storeHubKeys(Json& out, const Settings& settings, const Settings& defaults) {
    store(out, "hub_endpoint", settings.hubEndpoint, settings.hubEndpoint.empty());
    store(out, "proxy", settings.proxy, settings.proxy.empty());
    store(out, "ca_file", settings.caFile.string(), settings.caFile.empty());
    store(out, "download_connections", settings.downloadConnections,
          settings.downloadConnections == defaults.downloadConnections);
    store(out, "use_hugging_face_cache", settings.useHuggingFaceCache,
          settings.useHuggingFaceCache == defaults.useHuggingFaceCache);
}

void storeAppKeys(Json& out, const Settings& settings, const Settings& defaults) {
    store(out, "setup_done", settings.setupDone, settings.setupDone == defaults.setupDone);
    store(out, "start_server_on_launch", settings.startServerOnLaunch,
          settings.startServerOnLaunch == defaults.startServerOnLaunch);
    store(out, "appearance", settings.appearance, settings.appearance == defaults.appearance);
    store(out, "language", settings.language, settings.language.empty());
    store(out, "keep_running_when_closed", settings.keepRunningWhenClosed,
          settings.keepRunningWhenClosed == defaults.keepRunningWhenClosed);
    store(out, "close_asked", settings.closeAsked, settings.closeAsked == defaults.closeAsked);
    store(out, "notifications", settings.notifications, settings.notifications == defaults.notifications);
    store(out, "low_disk", settings.lowDiskBytes, settings.lowDiskBytes == defaults.lowDiskBytes);
}

std::string trimmed(const std::string& text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string::npos) return "";
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::filesystem::path usualBaseDir() { return expandPath(homeDir() / ".larder"); }

// One line: where the wizard put everything, when that is not the usual place (XDG Base Directory Specification).
std::filesystem::path baseDirNote() {
    const char* set = std::getenv("XDG_CONFIG_HOME");
    const bool usable = set != nullptr && *set == '/';
    return (usable ? std::filesystem::path(set) : homeDir() / ".config") / "larder" / "base-dir";
}

// Keeps others from reading the key, whatever made the file.
Expected<void> tightenKeyFile(const std::filesystem::path& file) {
    using std::filesystem::perms;
    std::error_code failure;
    const perms mode = std::filesystem::status(file, failure).permissions();
    if (failure || (mode & (perms::group_all | perms::others_all)) == perms::none) return {};
    std::filesystem::permissions(file, perms::owner_read | perms::owner_write, failure);
    if (failure)
        return Error{ErrorCode::PermissionDenied, "other users can read " + file.string() + ": run chmod 600 on it"};
    base::logWarning(file.string() + " could be read by other users and is now private; make a new key by deleting it");
    return {};
}

// The factor of "", "K", "KB", "KiB" and so on; 0 for anything else.
std::size_t unitBytes(std::string unit) {
    for (char& c : unit) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    if (unit.empty() || unit == "B") return 1;
    const auto power = std::string("KMGT").find(unit[0]);
    const std::string rest = unit.substr(1);
    if (power == std::string::npos || (!rest.empty() && rest != "B" && rest != "IB")) return 0;
    return std::size_t{1} << (10 * (power + 1));
}

}  // namespace

std::filesystem::path expandPath(const std::filesystem::path& path) {
    if (path.empty()) return path;
    std::filesystem::path expanded = path;
    const std::string text = path.string();
    if (text == "~") expanded = homeDir();
    else if (text.starts_with("~/")) expanded = homeDir() / path.lexically_relative("~");
    std::error_code failure;
    const auto absolute = std::filesystem::absolute(expanded, failure);
    return (failure ? expanded : absolute).lexically_normal();
}

std::filesystem::path defaultBaseDir() {
    const char* set = std::getenv("LARDER_BASE_DIR");
    if (set != nullptr && *set != '\0') return expandPath(set);
    if (const auto note = base::readFile(baseDirNote(), kMaxNoteBytes); note.ok())
        if (const std::filesystem::path noted = trimmed(*note); noted.is_absolute()) return expandPath(noted);
    return usualBaseDir();
}

Expected<void> rememberBaseDir(const std::filesystem::path& baseDir) {
    const std::filesystem::path note = baseDirNote();
    std::error_code failure;
    if (baseDir == usualBaseDir()) {
        std::filesystem::remove(note, failure);
        if (failure) return Error{ErrorCode::Io, note.string() + " cannot be removed: check the permissions of its folder"};
        return {};
    }
    if (auto folder = base::makeFolder(note.parent_path(), 0700); !folder) return folder;
    return base::writeFileAtomically(note, baseDir.string() + "\n", 0600);
}

Expected<Settings> loadSettings(const std::filesystem::path& baseDir) {
    Settings settings;
    settings.baseDir = expandPath(baseDir);
    const std::filesystem::path file = settingsFile(settings.baseDir);
    auto document = readDocument(file);
    if (!document.ok()) return document.error();

    SettingsReader reader(*document, file);
    settings.modelDir = settings.baseDir / "models";
    reader.path("model_dir", settings.modelDir);
    reader.text("host", settings.host);
    reader.number("port", 0, 65535, settings.port);
    reader.flag("require_api_key", settings.requireApiKey);
    reader.text("api_key", settings.apiKey);
    reader.text("model", settings.defaultModel);
    reader.size("hot_cache", settings.hotCacheBytes);
    reader.size("cold_cache", settings.coldCacheBytes);
    reader.compression("cold_compression", settings.coldCompression);
    reader.bytes("cold_bytes_per_day", settings.coldBytesPerDay);
    reader.bytes("cold_floor", settings.coldFloorBytes);
    reader.kvType("kv_type", settings.kvType);
    reader.number("context", 0, kMostContext, settings.contextTokens);
    reader.number("max_running", 1, kMostRunning, settings.maxRunning);
    reader.number("max_waiting", 0, kMostWaiting, settings.maxWaiting);
    reader.number("threads", 0, kMostThreads, settings.threads);
    reader.size("model_memory", settings.modelMemoryBytes);
    reader.number("idle_unload_minutes", 0, kMostIdleMinutes, settings.idleUnloadMinutes);
    reader.names("pinned_models", settings.pinnedModels);
    reader.text("hub_endpoint", settings.hubEndpoint);
    reader.text("proxy", settings.proxy);
    reader.path("ca_file", settings.caFile);
    reader.number("download_connections", 1, kMostConnections, settings.downloadConnections);
    reader.flag("use_hugging_face_cache", settings.useHuggingFaceCache);
    reader.flag("setup_done", settings.setupDone);
    reader.flag("start_server_on_launch", settings.startServerOnLaunch);
    reader.appearance("appearance", settings.appearance);
    reader.text("language", settings.language);
    reader.flag("keep_running_when_closed", settings.keepRunningWhenClosed);
    reader.flag("close_asked", settings.closeAsked);
    reader.flag("notifications", settings.notifications);
    reader.bytes("low_disk", settings.lowDiskBytes);
    if (reader.error()) return *reader.error();
    return settings;
}

Expected<void> saveSettings(const Settings& settings) {
    const std::filesystem::path file = settingsFile(settings.baseDir);
    auto document = readDocument(file);
    if (!document.ok()) return document.error();
    Json& out = *document;
    const Settings defaults;
    store(out, "model_dir", settings.modelDir.string(),
          settings.modelDir.empty() || settings.modelDir == settings.baseDir / "models");
    store(out, "host", settings.host, settings.host == defaults.host);
    store(out, "port", settings.port, settings.port == defaults.port);
    store(out, "require_api_key", settings.requireApiKey, settings.requireApiKey == defaults.requireApiKey);
    store(out, "api_key", settings.apiKey, settings.apiKey.empty());
    store(out, "model", settings.defaultModel, settings.defaultModel.empty());
    store(out, "hot_cache", settings.hotCacheBytes.value_or(0), !settings.hotCacheBytes);
    store(out, "cold_cache", settings.coldCacheBytes.value_or(0), !settings.coldCacheBytes);
    store(out, "cold_compression", settings.coldCompression == ColdCompression::Zstd ? "zstd" : "none",
          settings.coldCompression == defaults.coldCompression);
    store(out, "cold_bytes_per_day", settings.coldBytesPerDay, settings.coldBytesPerDay == defaults.coldBytesPerDay);
    store(out, "cold_floor", settings.coldFloorBytes, settings.coldFloorBytes == defaults.coldFloorBytes);
    store(out, "kv_type", settings.kvType == KvType::F32 ? "f32" : "f16", settings.kvType == defaults.kvType);
    store(out, "context", settings.contextTokens, settings.contextTokens == defaults.contextTokens);
    store(out, "max_running", settings.maxRunning, settings.maxRunning == defaults.maxRunning);
    store(out, "max_waiting", settings.maxWaiting, settings.maxWaiting == defaults.maxWaiting);
    store(out, "threads", settings.threads, settings.threads == defaults.threads);
    store(out, "model_memory", settings.modelMemoryBytes.value_or(0), !settings.modelMemoryBytes);
    store(out, "idle_unload_minutes", settings.idleUnloadMinutes, settings.idleUnloadMinutes == defaults.idleUnloadMinutes);
    store(out, "pinned_models", settings.pinnedModels, settings.pinnedModels.empty());
    storeHubKeys(out, settings, defaults);
    storeAppKeys(out, settings, defaults);

    if (auto folder = base::makeFolder(settings.baseDir, 0700); !folder.ok()) return folder;
    const std::string text = out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
    return base::writeFileAtomically(file, text, 0600);
}

Expected<std::string> loadOrCreateApiKey(const std::filesystem::path& baseDir) {
    const std::filesystem::path file = baseDir / "api-key";
    auto text = base::readFile(file, kMostKeyBytes);
    if (text.ok()) {
        const std::string key = trimmed(*text);
        if (!isUsableKey(key))
            return Error{ErrorCode::Corrupt, file.string() + " does not hold a key of printable characters: "
                                                             "delete it and a new one is made"};
        if (auto tightened = tightenKeyFile(file); !tightened.ok()) return tightened.error();
        return key;
    }
    if (text.error().code != ErrorCode::NotFound) return text.error();

    return renewApiKey(baseDir);
}

Expected<std::string> renewApiKey(const std::filesystem::path& baseDir) {
    constexpr std::size_t kKeyBytes = 32;
    const std::string key = base::randomHex(kKeyBytes);
    if (auto folder = base::makeFolder(baseDir, 0700); !folder.ok()) return folder.error();
    if (auto written = base::writeFileAtomically(baseDir / "api-key", key + "\n", 0600); !written.ok()) return written.error();
    return key;
}

Expected<std::size_t> parseSize(const std::string& text) {
    const Error wrong{ErrorCode::InvalidArgument, "\"" + text + "\" is not a size: write a number and K, M, G or T, such as 20G"};
    const std::string size = trimmed(text);
    const auto isDigit = [&](std::size_t at) { return at < size.size() && size[at] >= '0' && size[at] <= '9'; };
    std::size_t at = 0;
    long double number = 0;  // 64 bits of mantissa: whole numbers stay exact
    if (!isDigit(at)) return wrong;
    for (; isDigit(at); ++at) number = number * 10 + (size[at] - '0');
    if (at < size.size() && size[at] == '.') {
        ++at;
        if (!isDigit(at)) return wrong;
        long double fraction = 0;
        long double scale = 1;
        for (; isDigit(at); ++at, scale *= 10) fraction = fraction * 10 + (size[at] - '0');
        number += fraction / scale;
    }
    const std::size_t unit = unitBytes(trimmed(size.substr(at)));
    if (unit == 0) return wrong;
    const long double bytes = std::floor(number * static_cast<long double>(unit));
    if (!(bytes < 0x1p63L)) return Error{ErrorCode::InvalidArgument, "the size \"" + text + "\" is too large"};
    return static_cast<std::size_t>(bytes);
}

}  // namespace larder
