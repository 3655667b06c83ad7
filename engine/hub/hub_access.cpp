// Where the hub is and who we are there: engine/hub.h.
#include <algorithm>
#include <cstdlib>
#include <system_error>

#include "engine/base/file.h"
#include "engine/base/log.h"
#include "engine/hub.h"
#include "engine/hub/web_address.h"

namespace larder {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDefaultEndpoint = "https://huggingface.co";
constexpr std::size_t kMaxTokenBytes = 1000;

std::string trimmedToken(const std::string& text) {
    constexpr std::string_view kBlanks = " \t\r\n";
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string::npos) return "";
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// It becomes part of a header line: nothing that could end the line.
bool isTokenText(const std::string& token) {
    return !token.empty() && token.size() <= kMaxTokenBytes &&
           std::all_of(token.begin(), token.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

std::string environmentText(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? trimmedToken(value) : "";
}

fs::path ownTokenFile(const fs::path& baseDir) {
    return baseDir / "hf-token";
}

// Empty when nothing says where: a program without a home directory.
fs::path huggingFaceTokenFile() {
    if (const std::string path = environmentText("HF_TOKEN_PATH"); !path.empty()) return path;
    if (const std::string home = environmentText("HF_HOME"); !home.empty()) return fs::path(home) / "token";
    if (const std::string cache = environmentText("XDG_CACHE_HOME"); !cache.empty())
        return fs::path(cache) / "huggingface" / "token";
    const std::string home = environmentText("HOME");
    return home.empty() ? fs::path() : fs::path(home) / ".cache" / "huggingface" / "token";
}

// Empty when there is none; one that cannot be a token is as good as none, and said so.
std::string tokenFromFile(const fs::path& path) {
    std::error_code ignored;
    if (path.empty() || !fs::is_regular_file(path, ignored)) return "";
    const auto text = base::readFile(path, kMaxTokenBytes + 100);
    const std::string token = text.ok() ? trimmedToken(*text) : "";
    if (isTokenText(token)) return token;
    base::logWarning("the file " + path.string() + " holds no Hugging Face token, it is ignored");
    return "";
}

std::string findHubToken(const fs::path& baseDir) {
    if (std::string token = tokenFromFile(ownTokenFile(baseDir)); !token.empty()) return token;
    if (std::string token = environmentText("HF_TOKEN"); isTokenText(token)) return token;
    return tokenFromFile(huggingFaceTokenFile());
}

}  // namespace

Expected<HubAccess> hubAccess(const Settings& settings) {
    HubAccess access;
    access.endpoint = trimmedToken(settings.hubEndpoint);
    if (access.endpoint.empty()) access.endpoint = environmentText("HF_ENDPOINT");
    if (access.endpoint.empty()) access.endpoint = kDefaultEndpoint;
    while (access.endpoint.ends_with('/')) access.endpoint.pop_back();
    const bool hasTail = access.endpoint.find_first_of("?# ") != std::string::npos;
    if (hasTail || !hub::readWebAddress(access.endpoint) || access.endpoint.find("://") == std::string::npos)
        return Error{ErrorCode::InvalidArgument, "\"" + hub::withoutQuery(access.endpoint) +
                                                     "\" is no address of a hub: write it like " + kDefaultEndpoint};
    access.token = findHubToken(settings.baseDir);
    access.proxy = trimmedToken(settings.proxy);
    access.caFile = settings.caFile;
    return access;
}

Expected<void> saveHubToken(const fs::path& baseDir, const std::string& token) {
    const std::string text = trimmedToken(token);
    const fs::path file = ownTokenFile(baseDir);
    if (text.empty()) {
        std::error_code failure;
        fs::remove(file, failure);
        if (failure) return Error{ErrorCode::Io, file.string() + " cannot be removed: " + failure.message()};
        return {};
    }
    if (!isTokenText(text))
        return Error{ErrorCode::InvalidArgument,
                     "this is no Hugging Face token: copy it again, it begins with hf_ and has no spaces"};
    if (const auto made = base::makeFolder(baseDir, 0700); !made.ok()) return made.error();
    return base::writeFileAtomically(file, text + "\n", 0600);
}

bool hasHubToken(const Settings& settings) {
    return !findHubToken(settings.baseDir).empty();
}

}  // namespace larder
