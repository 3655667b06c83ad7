// The hub's JSON pages: redirects by hand, a few tries with growing pauses, answers limited in size and time, and a
// token that the hub does not know any more left out after one refusal. One thread at a time; blocks on the network.
#pragma once

#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/base/json.h"
#include "engine/error.h"
#include "engine/hub.h"
#include "engine/hub/curl_handle.h"

namespace larder::hub {

struct HubPage {
    base::Json json;
    std::string nextUrl;     // of the Link header's rel="next"; empty on the last page
    std::string repoCommit;  // the X-Repo-Commit header
};

class HfClient {
public:
    HfClient(HubAccess access, std::function<bool()> stop);

    // repository: for the words of an Error. Cancelled when stop() said so.
    Expected<HubPage> get(const std::string& url, const std::string& repository);

private:
    struct Attempt;
    Expected<HubPage> getWithRetries(const std::string& url, const std::string& repository);
    Attempt attempt(std::string url, const std::string& repository);
    Expected<HubPage> readPage(const std::string& repository) const;
    bool pause(double seconds);
    bool stopped() const { return m_stop && m_stop(); }
    bool goesOn() const;

    HubAccess m_access;
    std::function<bool()> m_stop;
    std::chrono::steady_clock::time_point m_start = std::chrono::steady_clock::now();
    CurlHandle m_handle;
    std::string m_body;
};

// Everything but letters, digits and "-._~" as %XX, '/' included.
std::string urlEncoded(const std::string& text);

// The address that a Link header names as rel="next", as it stands there; empty if none.
std::string nextLink(const std::string& linkHeader);

}  // namespace larder::hub
