// What can go wrong between here and the hub, in the user's words: the second half of curl_handle.h.
#include <algorithm>

#include "engine/base/utf8.h"
#include "engine/hub/curl_handle.h"
#include "engine/hub/web_address.h"

namespace larder::hub {
namespace {

std::string hostOf(const std::string& url) {
    const auto address = readWebAddress(url);
    return address ? address->text() : "the hub";
}

// The hub's own explanation, fit to be shown: one line of plain text, not endless.
std::string explanation(const CurlHandle& response) {
    constexpr std::size_t kLongest = 300;
    std::string text = base::repairUtf8(response.header("x-error-message").substr(0, kLongest));
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
    return text;
}

std::string withExplanation(const std::string& sentence, const CurlHandle& response) {
    const std::string text = explanation(response);
    return text.empty() ? sentence : sentence + " (" + text + ")";
}

Error gatedError(const CurlHandle& response, const std::string& repository, const HubAccess& access) {
    const std::string page = access.endpoint + "/" + repository;
    if (!response.sentToken())
        return {ErrorCode::PermissionDenied, repository + " is gated: accept its terms at " + page +
                                                 " and enter a token of your account in the settings"};
    return {ErrorCode::PermissionDenied, withExplanation(repository + " is gated: accept its terms at " + page +
                                                             " with the account your token belongs to",
                                                         response)};
}

Error missingError(const CurlHandle& response, const std::string& repository) {
    const std::string host = hostOf(response.url());
    if (response.sentToken())
        return {ErrorCode::NotFound, repository + " was not found on " + host +
                                         ", or it is private and your token may not read it: check the name"};
    return {ErrorCode::NotFound, repository + " was not found on " + host +
                                     ", or it is private: check the name or enter a token in the settings"};
}

}  // namespace

Error transferError(CURLcode code, const std::string& url) {
    const std::string host = hostOf(url);
    switch (code) {
        case CURLE_COULDNT_RESOLVE_HOST:
            return {ErrorCode::Unavailable, host + " cannot be found: is there a network?"};
        case CURLE_COULDNT_RESOLVE_PROXY:
            return {ErrorCode::Unavailable, "the proxy cannot be found: check the proxy in the settings"};
        case CURLE_PROXY:
            return {ErrorCode::Unavailable,
                    "the proxy refuses to connect to " + host + ": check the proxy in the settings"};
        case CURLE_COULDNT_CONNECT:
            return {ErrorCode::Unavailable, host + " does not answer: is there a network, or is a proxy needed?"};
        case CURLE_OPERATION_TIMEDOUT:
            return {ErrorCode::Unavailable, host + " takes too long to answer: try again later"};
        case CURLE_PEER_FAILED_VERIFICATION:
            return {ErrorCode::Unavailable, "the certificate of " + host +
                                                " is not trusted: if your network uses certificates "
                                                "of its own, name their file in the settings"};
        case CURLE_SSL_CACERT_BADFILE:
            return {ErrorCode::InvalidArgument,
                    "the certificate file in the settings cannot be read or holds no certificate"};
        case CURLE_SSL_CONNECT_ERROR:
            return {ErrorCode::Unavailable, "no encrypted connection to " + host + " could be made"};
        case CURLE_GOT_NOTHING:
        case CURLE_PARTIAL_FILE:
        case CURLE_RECV_ERROR:
        case CURLE_SEND_ERROR:
            return {ErrorCode::Unavailable, "the connection to " + host + " broke off: try again"};
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_LOGIN_DENIED:  // a user name in the address
            return {ErrorCode::InvalidArgument, withoutQuery(url) + " is no address that can be downloaded from"};
        case CURLE_ABORTED_BY_CALLBACK:
            return {ErrorCode::Cancelled, "the transfer was cancelled"};
        case CURLE_OUT_OF_MEMORY:
            return {ErrorCode::OutOfMemory, "there is no memory left for a network connection"};
        default:
            return {ErrorCode::Unavailable, "the transfer from " + host + " failed: " + curl_easy_strerror(code)};
    }
}

Error statusError(long status, const CurlHandle& response, const std::string& repository, const HubAccess& access) {
    const std::string host = hostOf(response.url());
    const std::string code = response.header("x-error-code");
    const std::string number = std::to_string(status);
    if (isTokenRefused(response))
        return {ErrorCode::PermissionDenied,
                host + " refuses the token: enter a new one in the settings, or remove it"};
    if (code == "GatedRepo") return gatedError(response, repository, access);
    if (code == "RevisionNotFound")
        return {ErrorCode::NotFound, repository + " has no such revision (branch, tag or commit)"};
    if (code == "EntryNotFound")
        return {ErrorCode::NotFound, repository + " has no such file: it may have been renamed"};
    if (code == "RepoNotFound" || status == 401 || status == 404 || status == 410)
        return missingError(response, repository);
    if (status == 403 || status == 451)
        return {ErrorCode::PermissionDenied,
                withExplanation(host + " does not give out " + repository + " (" + number + ")", response)};
    if (status == 407)
        return {ErrorCode::Unavailable, "the proxy wants a name and a password: add them in the settings"};
    if (status == 429) return {ErrorCode::Unavailable, host + " is busy (429): try again in some minutes"};
    if (status >= 500)
        return {ErrorCode::Unavailable, host + " has a trouble of its own (" + number + "): try again later"};
    return {ErrorCode::Unavailable, withExplanation(host + " answered with status " + number, response)};
}

// Whoever is logged in gets 403 or 404 for what may not be seen; 401 means that the hub does not know the token, and it
// says so for public repositories too.
bool isTokenRefused(const CurlHandle& response) {
    return response.sentToken() && response.status() == 401;
}

bool isTransient(CURLcode code, long status) {
    switch (code) {
        case CURLE_OK:
            return status == 408 || status == 425 || status == 429 || status >= 500;
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_CONNECT:
        case CURLE_OPERATION_TIMEDOUT:
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_GOT_NOTHING:
        case CURLE_PARTIAL_FILE:
        case CURLE_RECV_ERROR:
        case CURLE_SEND_ERROR:
        case CURLE_HTTP2:
        case CURLE_HTTP2_STREAM:
        case CURLE_AGAIN:
            return true;
        default:
            return false;
    }
}

}  // namespace larder::hub
