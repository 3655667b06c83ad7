#include "engine/hub/curl_handle.h"

#include <algorithm>
#include <cassert>
#include <cctype>
#include <ctime>
#include <map>
#include <vector>

#include "engine/base/file.h"
#include "engine/hub/web_address.h"

namespace larder::hub {
namespace {

constexpr std::size_t kMaxHeaderBytes = 256 * 1024;
constexpr std::size_t kMaxCertificateBytes = 16 * 1024 * 1024;
constexpr int kAskEveryMs = 200;

struct HeaderListDeleter {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

std::string lowerCaseHeader(std::string_view text) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
    return lower;
}

std::string_view trimmedHeader(std::string_view text) {
    constexpr std::string_view kBlanks = " \t\r\n";
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// Once for the process; libcurl is never shut down, because another thread may still be inside it when main() ends.
void startCurl() {
    static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
    (void)started;
}

template <class T>
void setOption(CURL* easy, CURLoption option, T value) {
    [[maybe_unused]] const CURLcode code = curl_easy_setopt(easy, option, value);
    assert(code == CURLE_OK || code == CURLE_OUT_OF_MEMORY);
}

// The user's certificates come on top of the system's: a company's proxy and the hub itself must both be trusted.
void addCertificates(CURL* easy, const std::filesystem::path& caFile) {
    char* systemPath = nullptr;
    curl_easy_getinfo(easy, CURLINFO_CAINFO, &systemPath);
    const auto own = base::readFile(caFile, kMaxCertificateBytes);
    if (!own.ok() || own->find("-----BEGIN ") == std::string::npos) {
        // Lets curl itself fail at the first https connection, with CURLE_SSL_CACERT_BADFILE.
        setOption(easy, CURLOPT_CAINFO, caFile.c_str());
        setOption(easy, CURLOPT_CAPATH, static_cast<char*>(nullptr));
        return;
    }
    std::string all;
    if (systemPath != nullptr)
        if (const auto system = base::readFile(systemPath, kMaxCertificateBytes); system.ok()) all = *system + "\n";
    all += *own;
    curl_blob blob{all.data(), all.size(), CURL_BLOB_COPY};
    setOption(easy, CURLOPT_CAINFO_BLOB, &blob);
}

}  // namespace

// Invariant: easy points back here through its callbacks, so an Inner never moves; headerList belongs to the easy
// handle as long as that may run.
struct CurlHandle::Inner {
    CURL* easy = nullptr;
    CURLM* multi = nullptr;  // made by the first perform(); keeps the connection for the next
    std::optional<WebAddress> endpoint;
    std::string token;
    std::string url;
    bool sendsToken = false;
    std::vector<std::string> requestHeaders;
    std::unique_ptr<curl_slist, HeaderListDeleter> headerList;
    bool answered = false;  // a status line arrived
    std::map<std::string, std::string> responseHeaders;
    std::size_t headerBytes = 0;
    std::function<bool(std::string_view)> sink;
    std::function<bool()> goOn;

    Inner() = default;
    Inner(const Inner&) = delete;
    Inner& operator=(const Inner&) = delete;
    ~Inner() {
        curl_easy_cleanup(easy);
        curl_multi_cleanup(multi);
    }

    static std::size_t takeHeader(char* bytes, std::size_t size, std::size_t count, void* self);
    static std::size_t takeBody(char* bytes, std::size_t size, std::size_t count, void* self);
    static int takeProgress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t);

    void configure(const HubAccess& access);
    void applyHeaders();
};

std::size_t CurlHandle::Inner::takeHeader(char* bytes, std::size_t size, std::size_t count, void* self) {
    Inner& inner = *static_cast<Inner*>(self);
    const std::string_view line(bytes, size * count);
    inner.headerBytes += line.size();
    if (inner.headerBytes > kMaxHeaderBytes) return 0;
    if (line.starts_with("HTTP/")) {  // a new response begins: 100 Continue is followed by the real one
        inner.answered = true;
        inner.responseHeaders.clear();
    } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
        inner.responseHeaders[lowerCaseHeader(trimmedHeader(line.substr(0, colon)))] =
            trimmedHeader(line.substr(colon + 1));
    }
    return line.size();
}

std::size_t CurlHandle::Inner::takeBody(char* bytes, std::size_t size, std::size_t count, void* self) {
    const Inner& inner = *static_cast<Inner*>(self);
    const std::string_view body(bytes, size * count);
    if (inner.sink && !body.empty() && !inner.sink(body)) return CURL_WRITEFUNC_ERROR;
    return body.size();
}

int CurlHandle::Inner::takeProgress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    const Inner& inner = *static_cast<Inner*>(self);
    return inner.goOn && !inner.goOn() ? 1 : 0;
}

void CurlHandle::Inner::configure(const HubAccess& access) {
    setOption(easy, CURLOPT_NOSIGNAL, 1L);
    setOption(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    setOption(easy, CURLOPT_FOLLOWLOCATION, 0L);
    setOption(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    // Ranges of one file are fetched over connections of their own; HTTP/2 would put them all on one.
    setOption(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    setOption(easy, CURLOPT_ACCEPT_ENCODING, "identity");
    setOption(easy, CURLOPT_USERAGENT, "larder/" LARDER_VERSION);
    setOption(easy, CURLOPT_CONNECTTIMEOUT_MS, 20'000L);
    setOption(easy, CURLOPT_LOW_SPEED_LIMIT, 500L);  // slower than this is a stall: a gigabyte would take weeks
    setOption(easy, CURLOPT_LOW_SPEED_TIME, 30L);
    setOption(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    setOption(easy, CURLOPT_BUFFERSIZE, 256L * 1024);
    setOption(easy, CURLOPT_QUICK_EXIT,
              1L);  // a name server that does not answer must not hold up a cancelled download
    setOption(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    setOption(easy, CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));  // the token is not for the proxy

    setOption(easy, CURLOPT_HEADERFUNCTION, &Inner::takeHeader);
    setOption(easy, CURLOPT_HEADERDATA, static_cast<void*>(this));
    setOption(easy, CURLOPT_WRITEFUNCTION, &Inner::takeBody);
    setOption(easy, CURLOPT_WRITEDATA, static_cast<void*>(this));
    setOption(easy, CURLOPT_NOPROGRESS, 0L);
    setOption(easy, CURLOPT_XFERINFOFUNCTION, &Inner::takeProgress);
    setOption(easy, CURLOPT_XFERINFODATA, static_cast<void*>(this));

    if (!access.proxy.empty()) {
        setOption(easy, CURLOPT_PROXY, access.proxy.c_str());
        setOption(easy, CURLOPT_PROXYAUTH, static_cast<long>(CURLAUTH_ANY));
    }
    if (!access.caFile.empty()) addCertificates(easy, access.caFile);
}

void CurlHandle::Inner::applyHeaders() {
    curl_slist* list = nullptr;
    for (const std::string& header : requestHeaders)
        if (curl_slist* longer = curl_slist_append(list, header.c_str())) list = longer;
    setOption(easy, CURLOPT_HTTPHEADER, list);
    headerList.reset(list);
}

CurlHandle::CurlHandle(const HubAccess& access) : m_inner(std::make_shared<Inner>()) {
    startCurl();
    m_inner->easy = curl_easy_init();
    m_inner->token = access.token;
    m_inner->endpoint = readWebAddress(access.endpoint);
    if (m_inner->easy != nullptr) m_inner->configure(access);
}

void CurlHandle::get(const std::string& url) {
    Inner& inner = *m_inner;
    inner.url = url;
    inner.requestHeaders.clear();
    inner.answered = false;
    inner.responseHeaders.clear();
    inner.headerBytes = 0;
    const auto address = readWebAddress(url);
    inner.sendsToken = !inner.token.empty() && address && inner.endpoint && *address == *inner.endpoint;
    if (inner.easy == nullptr) return;
    setOption(inner.easy, CURLOPT_URL, url.c_str());
    setOption(inner.easy, CURLOPT_HTTPGET, 1L);
    setOption(inner.easy, CURLOPT_RANGE, static_cast<char*>(nullptr));
    if (inner.sendsToken)
        setHeader("Authorization", "Bearer " + inner.token);
    else
        inner.applyHeaders();
}

void CurlHandle::setRange(std::uint64_t first, std::uint64_t last) {
    if (m_inner->easy == nullptr) return;
    setOption(m_inner->easy, CURLOPT_RANGE, (std::to_string(first) + "-" + std::to_string(last)).c_str());
}

void CurlHandle::setHeader(const std::string& name, const std::string& value) {
    std::string line = name + ": " + value;
    // Values can come from a server's answer or a file; a line break in one would become a header of its own.
    std::erase_if(line, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
    m_inner->requestHeaders.push_back(std::move(line));
    if (m_inner->easy != nullptr) m_inner->applyHeaders();
}

void CurlHandle::onBody(std::function<bool(std::string_view)> sink) {
    m_inner->sink = std::move(sink);
}

void CurlHandle::onIdle(std::function<bool()> goOn) {
    m_inner->goOn = std::move(goOn);
}

CURLcode CurlHandle::perform() {
    Inner& inner = *m_inner;
    if (inner.multi == nullptr) inner.multi = curl_multi_init();
    if (inner.easy == nullptr || inner.multi == nullptr) return CURLE_OUT_OF_MEMORY;
    if (curl_multi_add_handle(inner.multi, inner.easy) != CURLM_OK) return CURLE_OUT_OF_MEMORY;
    CURLcode result = CURLE_OK;
    // curl_easy_perform() would do, but asks only once a second while nothing arrives.
    for (int running = 1; running > 0;) {
        const CURLMcode driven = curl_multi_perform(inner.multi, &running);
        if (driven == CURLM_OK && running > 0) curl_multi_poll(inner.multi, nullptr, 0, kAskEveryMs, nullptr);
        if (driven != CURLM_OK) result = CURLE_OUT_OF_MEMORY;
        if (driven != CURLM_OK) break;
    }
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(inner.multi, &left))
        if (message->msg == CURLMSG_DONE) result = message->data.result;
    curl_multi_remove_handle(inner.multi, inner.easy);
    return result;
}

CURL* CurlHandle::easy() const {
    return m_inner->easy;
}

long CurlHandle::status() const {
    long status = 0;
    if (m_inner->easy != nullptr && m_inner->answered)
        curl_easy_getinfo(m_inner->easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

std::string CurlHandle::header(std::string_view lowerCaseName) const {
    const auto found = m_inner->responseHeaders.find(std::string(lowerCaseName));
    return found == m_inner->responseHeaders.end() ? "" : found->second;
}

std::string CurlHandle::url() const {
    return m_inner->url;
}

bool CurlHandle::sentToken() const {
    return m_inner->sendsToken;
}

Expected<std::string> nextHop(const std::string& url, const std::string& location) {
    const std::string from = withoutQuery(url);
    if (location.empty()) return Error{ErrorCode::Unavailable, from + " leads nowhere: its redirect names no address"};
    const auto target = resolveLocation(url, location);
    const auto address = target ? readWebAddress(*target) : std::nullopt;
    if (!address)
        return Error{ErrorCode::Unavailable,
                     from + " leads to an address that is no web page: " + withoutQuery(location)};
    const auto before = readWebAddress(url);
    if (before && before->scheme == "https" && address->scheme == "http")
        return Error{ErrorCode::Unavailable,
                     from + " leads to " + address->text() + " without encryption, which is refused: try again later"};
    return *target;
}

Expected<std::string> nextHop(const CurlHandle& response) {
    return nextHop(response.url(), response.header("location"));
}

std::optional<double> retryAfterSeconds(const CurlHandle& response) {
    constexpr double kLongest = 3600;
    const std::string text = response.header("retry-after");
    if (text.empty()) return std::nullopt;
    if (text.size() <= 9 && text.find_first_not_of("0123456789") == std::string::npos)
        return std::min(kLongest, static_cast<double>(std::stol(text)));
    const std::time_t when = curl_getdate(text.c_str(), nullptr);
    if (when < 0) return std::nullopt;
    return std::clamp(std::difftime(when, std::time(nullptr)), 0.0, kLongest);
}

}  // namespace larder::hub
