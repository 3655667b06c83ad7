// One libcurl transfer, set up the same way for everything that goes to the hub: https or http only, no cookies, proxy
// and certificates of the HubAccess, identity encoding, connect timeout 20 s, a stall of 30 s ends it, redirects are
// NOT followed by curl: whoever uses the handle follows them by hand with nextHop(), at most kMaxHops. One thread at a
// time.
#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/error.h"
#include "engine/hub.h"

namespace larder::hub {

constexpr int kMaxHops = 10;

class CurlHandle {
public:
    explicit CurlHandle(const HubAccess& access);

    // Prepares a GET: range, headers and the last response are forgotten, the two callbacks stay. The token is sent if
    // url has the scheme, host and port of access.endpoint, else not.
    void get(const std::string& url);
    void setRange(std::uint64_t first, std::uint64_t last);  // both included
    void setHeader(const std::string& name, const std::string& value);
    // false stops the transfer (CURLE_WRITE_ERROR). Called with headers complete.
    void onBody(std::function<bool(std::string_view)> sink);
    // Asked several times a second in perform(), even without data (in a multi handle: each time that is driven); false
    // stops (CURLE_ABORTED_BY_CALLBACK).
    void onIdle(std::function<bool()> goOn);

    CURLcode perform();  // blocks; or use easy() with a multi handle
    CURL* easy() const;

    long status() const;                                       // of the response; 0 before
    std::string header(std::string_view lowerCaseName) const;  // empty if absent
    std::string url() const;
    bool sentToken() const;  // with the request of the last get()

private:
    struct Inner;
    std::shared_ptr<Inner> m_inner;
};

// The absolute URL that a 3xx response leads to. Unavailable when there is no Location, it is neither http nor https,
// or it goes from https to http.
Expected<std::string> nextHop(const CurlHandle& response);
Expected<std::string> nextHop(const std::string& url, const std::string& location);

// What the outside did to us, as one sentence for the user: "huggingface.co cannot be found: is there a network?".
Error transferError(CURLcode code, const std::string& url);
// The same for a response that is not a success; repository for the words (gated -> its page).
Error statusError(long status, const CurlHandle& response, const std::string& repository, const HubAccess& access);
// The hub does not know the token that was sent: what is public can still be had without.
bool isTokenRefused(const CurlHandle& response);
// Worth trying again after a pause: 408, 425, 429, 5xx, dropped connections, stalls. status 0: no answer came.
bool isTransient(CURLcode code, long status);
// What the server asked for with Retry-After, in seconds or as a date; never negative, at most an hour.
std::optional<double> retryAfterSeconds(const CurlHandle& response);

}  // namespace larder::hub
