// What is wrong with settings, and which changes a running server does not see: engine/settings.h.
#include <algorithm>
#include <array>
#include <string_view>
#include <tuple>

#include "engine/api/access.h"
#include "engine/base/port.h"
#include "engine/settings.h"
#include "engine/settings_limits.h"

namespace larder {
namespace {

bool hasControlOrSpace(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c <= ' ' || c == 0x7f; });
}

std::string findHostProblem(const Settings& settings) {
    if (!base::isAddress(settings.host))
        return "the host \"" + settings.host + "\" is not an address: write one such as 127.0.0.1, 0.0.0.0 or ::1, or localhost";
    if (!settings.requireApiKey && !api::isLoopbackHost(settings.host))
        return "the host " + settings.host + " can be reached from other machines, so an API key is needed: ask for the key, or "
               "use the host 127.0.0.1";
    if (!settings.apiKey.empty() && !isUsableKey(settings.apiKey))
        return "the API key must be printable characters without spaces, at most 4096 of them";
    return "";
}

// name: "the model folder".
std::string findPathProblem(const std::string& name, const std::filesystem::path& path) {
    if (path.empty()) return "";
    if (path.native().find('\0') != std::filesystem::path::string_type::npos) return name + " holds the character 0";
    if (!path.is_absolute()) return name + " \"" + path.string() + "\" must be a whole path that starts with \"/\"";
    return "";
}

// "host", "host:8080" or "[::1]:8080".
bool isHostAndPort(std::string_view text) {
    const std::size_t bracket = text.find(']');
    const std::size_t colon = text.starts_with('[') ? text.find(':', bracket == text.npos ? text.size() : bracket) : text.find(':');
    const std::string_view host = text.substr(0, colon);
    if (host.empty() || host.size() > 255) return false;
    if (host.front() == '[' ? !base::isAddress(std::string(host)) : host.find_first_of("[]@\\^`{|}<>\"%") != host.npos) return false;
    if (colon == text.npos) return true;
    const std::string_view port = text.substr(colon + 1);
    const bool digits = !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == port.npos;
    return digits && std::stoi(std::string(port)) >= 1 && std::stoi(std::string(port)) <= 65535;
}

std::string lowerCaseScheme(std::string_view url) {
    std::string scheme(url.substr(0, url.find("://")));
    std::transform(scheme.begin(), scheme.end(), scheme.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return scheme;
}

std::string findEndpointProblem(const std::string& url) {
    if (url.empty()) return "";
    const std::string wrong = "the address of the hub \"" + url + "\" must be a URL such as https://huggingface.co";
    const std::size_t start = url.find("://");
    if (hasControlOrSpace(url) || start == url.npos || url.find_first_of("?#") != url.npos) return wrong;
    const std::string scheme = lowerCaseScheme(url);
    if (scheme != "https" && scheme != "http") return wrong;
    const std::string_view rest = std::string_view(url).substr(start + 3);
    const std::string_view authority = rest.substr(0, rest.find('/'));
    if (authority.find('@') != authority.npos)
        return "the address of the hub must not hold a user name or password: the token has a setting of its own";
    return isHostAndPort(authority) ? "" : wrong;
}

std::string findProxyProblem(const std::string& proxy) {
    if (proxy.empty()) return "";
    constexpr std::array<std::string_view, 6> kSchemes = {"http", "https", "socks4", "socks4a", "socks5", "socks5h"};
    // Not repeated in the sentence: it may hold a password.
    const std::string wrong = "the proxy must be written as http://host:port (or socks5://host:port)";
    if (hasControlOrSpace(proxy)) return wrong;
    const std::size_t start = proxy.find("://");
    if (start != proxy.npos && std::find(kSchemes.begin(), kSchemes.end(), lowerCaseScheme(proxy)) == kSchemes.end()) return wrong;
    std::string_view rest = start == proxy.npos ? std::string_view(proxy) : std::string_view(proxy).substr(start + 3);
    if (rest.ends_with('/')) rest.remove_suffix(1);
    if (const std::size_t user = rest.rfind('@'); user != rest.npos) rest.remove_prefix(user + 1);
    return rest.find('/') == rest.npos && isHostAndPort(rest) ? "" : wrong;
}

std::string findLimitProblem(const Settings& settings) {
    struct Limit {
        const char* name;
        std::size_t value, least, most;
    };
    const Limit limits[] = {
        {"the number of requests computed at the same time", settings.maxRunning, 1, kMostRunning},
        {"the number of waiting requests", settings.maxWaiting, 0, kMostWaiting},
        {"the number of threads", settings.threads, 0, kMostThreads},
        {"the window in tokens", settings.contextTokens, 0, kMostContext},
        {"the minutes until an unused model is unloaded", settings.idleUnloadMinutes, 0, kMostIdleMinutes},
        {"the number of download connections", settings.downloadConnections, 1, kMostConnections},
    };
    for (const Limit& limit : limits)
        if (limit.value < limit.least || limit.value > limit.most)
            return std::string(limit.name) + " must be from " + std::to_string(limit.least) + " to " + std::to_string(limit.most);
    return "";
}

// "de", "pt_BR", "zh-Hans", "C".
bool isLanguage(const std::string& text) {
    constexpr std::size_t kMost = 35;
    return text.size() <= kMost && std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' || c == '@';
    });
}

}  // namespace

std::string findSettingsProblem(const Settings& settings) {
    for (std::string problem :
         {findHostProblem(settings), findPathProblem("the base folder", settings.baseDir),
          findPathProblem("the model folder", settings.modelDir), findPathProblem("the file of certificates", settings.caFile),
          findEndpointProblem(settings.hubEndpoint), findProxyProblem(settings.proxy), findLimitProblem(settings)})
        if (!problem.empty()) return problem;
    if (!isAppearance(settings.appearance)) return "the appearance must be \"system\", \"light\" or \"dark\"";
    if (!isLanguage(settings.language)) return "the language must be a code such as \"de\" or \"pt_BR\"";
    return "";
}

bool needsServerRestart(const Settings& before, const Settings& after) {
    const auto modelDir = [](const Settings& settings) {
        return settings.modelDir.empty() ? settings.baseDir / "models" : settings.modelDir;
    };
    // The cold tier, the default model, what decides over unloading and everything of the window, the hub and downloads is not among them.
    const auto served = [&](const Settings& settings) {
        return std::tuple(settings.baseDir, modelDir(settings), settings.useHuggingFaceCache, settings.host, settings.port,
                          settings.requireApiKey, settings.requireApiKey ? settings.apiKey : std::string(), settings.hotCacheBytes,
                          settings.kvType, settings.contextTokens, settings.maxRunning, settings.maxWaiting, settings.threads);
    };
    return served(before) != served(after);
}

}  // namespace larder
