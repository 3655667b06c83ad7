#include "engine/hub/web_address.h"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <memory>

namespace larder::hub {
namespace {

struct UrlDeleter {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using UrlHandle = std::unique_ptr<CURLU, UrlDeleter>;

std::optional<std::string> urlPart(CURLU* url, CURLUPart part, unsigned flags = 0) {
    char* text = nullptr;
    if (curl_url_get(url, part, &text, flags) != CURLUE_OK || text == nullptr) return std::nullopt;
    std::string copy = text;
    curl_free(text);
    return copy;
}

UrlHandle parseUrl(const std::string& text) {
    UrlHandle url(curl_url());
    // A control character in a URL is never meant well, and a NUL would end it for curl alone.
    const bool odd = std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
    if (!url || odd || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_URLENCODE) != CURLUE_OK)
        return nullptr;
    return url;
}

}  // namespace

std::string WebAddress::text() const {
    const bool usual = (scheme == "https" && port == 443) || (scheme == "http" && port == 80);
    return usual ? host : host + ":" + std::to_string(port);
}

std::optional<WebAddress> readWebAddress(const std::string& url) {
    const UrlHandle parsed = parseUrl(url);
    if (!parsed || urlPart(parsed.get(), CURLUPART_USER) || urlPart(parsed.get(), CURLUPART_PASSWORD))
        return std::nullopt;
    const auto scheme = urlPart(parsed.get(), CURLUPART_SCHEME);
    const auto host = urlPart(parsed.get(), CURLUPART_HOST);
    const auto port = urlPart(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
    if (!scheme || !host || !port || host->empty() || (*scheme != "http" && *scheme != "https")) return std::nullopt;

    WebAddress address{*scheme, *host};
    std::transform(host->begin(), host->end(), address.host.begin(), [](unsigned char c) { return std::tolower(c); });
    const auto [end, failure] = std::from_chars(port->data(), port->data() + port->size(), address.port);
    if (failure != std::errc() || end != port->data() + port->size()) return std::nullopt;
    return address;
}

std::optional<std::string> resolveLocation(const std::string& base, const std::string& location) {
    const UrlHandle url = parseUrl(base);
    const bool odd =
        std::any_of(location.begin(), location.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
    if (!url || location.empty() || odd) return std::nullopt;
    if (curl_url_set(url.get(), CURLUPART_URL, location.c_str(), CURLU_URLENCODE) != CURLUE_OK) return std::nullopt;
    curl_url_set(url.get(), CURLUPART_FRAGMENT, nullptr, 0);
    return urlPart(url.get(), CURLUPART_URL);
}

std::string withoutQuery(const std::string& url) {
    constexpr std::size_t kLongest = 200;
    std::string text = url.substr(0, url.find_first_of("?#"));
    if (text.size() > kLongest) text = text.substr(0, kLongest) + "...";
    for (char& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) c = '?';
    return text;
}

}  // namespace larder::hub
