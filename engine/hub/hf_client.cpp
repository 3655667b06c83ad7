#include "engine/hub/hf_client.h"

#include <algorithm>
#include <cmath>

#include "engine/base/log.h"
#include "engine/base/mailbox.h"
#include "engine/hub/web_address.h"

namespace larder::hub {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxAnswerBytes = 32 * 1024 * 1024;
constexpr int kTries = 5;
constexpr double kFirstPauseSeconds = 0.5;
constexpr double kLongestPauseSeconds = 60;
// No new try after the first; an answer that trickles in is given up after the second.
constexpr std::chrono::seconds kRetryFor{60};
constexpr std::chrono::seconds kWholeTime{120};

bool isPageRedirect(long status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

Error pageCancelledError() {
    return {ErrorCode::Cancelled, "the request to the hub was cancelled"};
}

std::string hostText(const std::string& url) {
    const auto address = readWebAddress(url);
    return address ? address->text() : "the hub";
}

}  // namespace

// How one try ended: with a good response in m_handle and m_body, or with an error.
struct HfClient::Attempt {
    std::optional<Error> error = std::nullopt;
    bool transient = false;
    bool tokenRefused = false;
    std::optional<double> retryAfter = std::nullopt;
};

HfClient::HfClient(HubAccess access, std::function<bool()> stop)
    : m_access(std::move(access)), m_stop(std::move(stop)), m_handle(m_access) {}

bool HfClient::goesOn() const {
    return !stopped() && Clock::now() - m_start < kWholeTime;
}

// False when stopped meanwhile.
bool HfClient::pause(double seconds) {
    base::Mailbox<int> nothing;  // waits without polling the clock; nobody posts
    const auto until =
        Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    while (Clock::now() < until && !stopped())
        nothing.waitUntil(std::min(until, Clock::now() + std::chrono::milliseconds(200)));
    return !stopped();
}

HfClient::Attempt HfClient::attempt(std::string url, const std::string& repository) {
    for (int hop = 0; hop <= kMaxHops; ++hop) {
        bool tooLong = false;
        m_body.clear();
        m_handle.get(url);
        m_handle.setHeader("Accept", "application/json");
        m_handle.onBody([&](std::string_view bytes) {
            tooLong = m_body.size() + bytes.size() > kMaxAnswerBytes;
            if (!tooLong) m_body += bytes;
            return !tooLong;
        });
        m_handle.onIdle([this] { return goesOn(); });
        const CURLcode code = m_handle.perform();
        if (tooLong)
            return {Error{ErrorCode::Corrupt, hostText(url) + " gave an answer of more than 32 MB: is it a hub?"}};
        if (code == CURLE_ABORTED_BY_CALLBACK && stopped()) return {pageCancelledError()};
        if (code == CURLE_ABORTED_BY_CALLBACK) return {transferError(CURLE_OPERATION_TIMEDOUT, url)};
        long proxyStatus = 0;
        curl_easy_getinfo(m_handle.easy(), CURLINFO_HTTP_CONNECTCODE, &proxyStatus);
        if (code != CURLE_OK && proxyStatus == 407) return {statusError(407, m_handle, repository, m_access)};
        if (code != CURLE_OK) return {transferError(code, url), isTransient(code, m_handle.status())};

        const long status = m_handle.status();
        if (status >= 200 && status < 300) return {};
        if (!isPageRedirect(status))
            return {statusError(status, m_handle, repository, m_access), isTransient(code, status),
                    isTokenRefused(m_handle), retryAfterSeconds(m_handle)};
        auto next = nextHop(m_handle);
        if (!next.ok()) return {next.error()};
        url = std::move(*next);
    }
    return {Error{ErrorCode::Unavailable, hostText(url) + " redirects too often: try again later"}};
}

Expected<HubPage> HfClient::getWithRetries(const std::string& url, const std::string& repository) {
    double nextPause = kFirstPauseSeconds;
    for (int tries = 1;; ++tries) {
        Attempt result = attempt(url, repository);
        if (!result.error) return readPage(repository);
        if (result.tokenRefused && !m_access.token.empty()) {
            const Error refused = *result.error;
            base::logWarning(refused.message + "; trying without it");
            m_access.token.clear();
            m_handle = CurlHandle(m_access);
            auto page = getWithRetries(url, repository);
            // Private and gated repositories need a token that works: say both.
            const bool missing = !page.ok() && page.error().code == ErrorCode::NotFound;
            const bool denied = !page.ok() && page.error().code == ErrorCode::PermissionDenied;
            if (!missing && !denied) return page;
            return Error{ErrorCode::PermissionDenied, refused.message + " (" + page.error().message + ")"};
        }
        const double wait = std::max(nextPause, result.retryAfter.value_or(0));
        const bool inTime = Clock::now() - m_start + std::chrono::duration<double>(wait) < kRetryFor;
        if (!result.transient || tries == kTries || wait > kLongestPauseSeconds || !inTime) return *result.error;
        base::logInfo(result.error->message + "; trying again in " + std::to_string(std::lround(std::ceil(wait))) +
                      " s");
        if (!pause(wait)) return pageCancelledError();
        nextPause *= 2;
    }
}

Expected<HubPage> HfClient::readPage(const std::string& repository) const {
    auto json = base::parseJson(m_body);
    const std::string host = hostText(m_handle.url());
    if (!json.ok()) {
        const bool page = m_handle.header("content-type").find("html") != std::string::npos;
        return Error{
            ErrorCode::Corrupt,
            page ? host + " gave a web page instead of data: does this network want you to log in first?"
                 : host + " gave an answer about " + repository + " that cannot be read: is it a Hugging Face mirror?"};
    }
    HubPage result{std::move(*json), "", m_handle.header("x-repo-commit")};
    if (const std::string link = nextLink(m_handle.header("link")); !link.empty())
        result.nextUrl = resolveLocation(m_handle.url(), link).value_or("");
    return result;
}

Expected<HubPage> HfClient::get(const std::string& url, const std::string& repository) {
    if (stopped()) return pageCancelledError();
    return getWithRetries(url, repository);
}

std::string urlEncoded(const std::string& text) {
    constexpr char kHex[] = "0123456789ABCDEF";
    std::string encoded;
    for (const unsigned char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                           c == '.' || c == '_' || c == '~';
        if (plain)
            encoded += static_cast<char>(c);
        else
            encoded += {'%', kHex[c >> 4], kHex[c & 15]};
    }
    return encoded;
}

std::string nextLink(const std::string& linkHeader) {
    for (std::size_t at = 0; (at = linkHeader.find('<', at)) != std::string::npos;) {
        const std::size_t end = linkHeader.find('>', at);
        if (end == std::string::npos) return "";
        const std::size_t following = std::min(linkHeader.find('<', end), linkHeader.size());
        const std::string attributes = linkHeader.substr(end, following - end);
        if (attributes.find("rel=\"next\"") != std::string::npos || attributes.find("rel=next") != std::string::npos)
            return linkHeader.substr(at + 1, end - at - 1);
        at = end;
    }
    return "";
}

}  // namespace larder::hub
