#include "engine/api/http_guard.h"

#include <algorithm>
#include <cassert>
#include <optional>
#include <utility>
#include <vector>

#include "engine/api/http_target.h"

namespace larder::api {
namespace {

constexpr std::size_t kMaxMethodBytes = 32;
constexpr std::size_t kFirstReserveBytes = 1u << 20;  // a claimed length is not believed further than this

bool isLineByte(char c, bool inRequestLine) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == '\t') return !inRequestLine;
    return byte >= 0x20 && byte != 0x7f;
}

std::vector<std::string_view> valuesOf(const HttpHeaders& headers, std::string_view lowerCaseName) {
    std::vector<std::string_view> values;
    for (const auto& [name, value] : headers)
        if (name == lowerCaseName) values.push_back(value);
    return values;
}

bool listHas(const HttpHeaders& headers, std::string_view lowerCaseName, std::string_view element) {
    for (const std::string_view value : valuesOf(headers, lowerCaseName)) {
        const std::vector<std::string> elements = listElements(value);
        if (std::find(elements.begin(), elements.end(), element) != elements.end()) return true;
    }
    return false;
}

}  // namespace

// Bytes of the head are looked at one at a time, so that a refusal comes at the same byte however the input is cut.
std::size_t HttpGuard::feed(std::string_view bytes) {
    std::size_t used = 0;
    while (used < bytes.size() && (m_state == State::Idle || m_state == State::Head))
        if (!headByte(bytes[used++])) return used;
    if (m_state == State::Body && used < bytes.size()) used += feedBody(bytes.substr(used));
    return used;
}

HttpRequest HttpGuard::take() {
    assert(m_state == State::Complete);
    m_state = State::Idle;
    m_headBytes = 0;
    m_bodyLeft = 0;
    m_sawRequestLine = m_chunked = m_http10 = m_isHead = m_expectContinue = false;
    m_keepAlive = true;
    m_target.clear();
    return std::exchange(m_request, HttpRequest());
}

bool HttpGuard::refuse(int status, std::string message) {
    m_state = State::Refused;
    m_refusal = {status, std::move(message)};
    return false;
}

bool HttpGuard::headByte(char byte) {
    if (++m_headBytes > m_limits.maxHeaderBytes)
        return refuse(
            431, "The request line and header fields exceed " + std::to_string(m_limits.maxHeaderBytes) + " bytes.");
    if (m_sawReturn) {
        m_sawReturn = false;
        return byte == '\n' ? endLine() : refuse(400, "A carriage return is not followed by a line feed.");
    }
    if (byte == '\r') {
        m_sawReturn = true;
        return true;
    }
    if (byte == '\n') return refuse(400, "A line ends without a carriage return.");
    if (!isLineByte(byte, !m_sawRequestLine)) return refuse(400, "The request contains a control character.");
    // Whatever is not HTTP at all (TLS, for one) is refused at its first byte instead of at a timeout.
    if (!m_sawRequestLine && m_line.empty() && !isTokenByte(byte))
        return refuse(400, "The request does not begin with a method.");
    m_state = State::Head;
    m_line += byte;
    return true;
}

bool HttpGuard::endLine() {
    bool good = true;
    if (!m_sawRequestLine) {
        if (m_line.empty()) return true;  // RFC 9112 §2.2: an empty line before a request is skipped
        good = requestLine();
        m_sawRequestLine = true;
    } else if (m_line.empty()) {
        return endHead();
    } else {
        good = headerField();
    }
    m_line.clear();
    return good;
}

bool HttpGuard::requestLine() {
    const std::string_view line = m_line;
    const std::size_t first = line.find(' ');
    const std::size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
    if (second == std::string_view::npos || line.find(' ', second + 1) != std::string_view::npos)
        return refuse(400, "The request line is not \"METHOD target HTTP/1.1\".");
    const std::string_view method = line.substr(0, first);
    const std::string_view version = line.substr(second + 1);
    if (!isToken(method) || method.size() > kMaxMethodBytes) return refuse(400, "The method is malformed.");
    const bool isOne =
        version.size() == 8 && version.substr(0, 7) == "HTTP/1." && version[7] >= '0' && version[7] <= '9';
    if (!isOne) return refuse(400, "Only HTTP/1.1 and HTTP/1.0 are spoken here.");
    if (method == "CONNECT") return refuse(405, "This is not a proxy.");
    std::optional<HttpTarget> target = readTarget(line.substr(first + 1, second - first - 1), method == "OPTIONS");
    if (!target) return refuse(400, "The request target is malformed.");
    m_isHead = method == "HEAD";
    m_request.method = m_isHead ? "GET" : std::string(method);
    m_request.path = std::move(target->path);
    m_request.query = std::move(target->query);
    m_target = line.substr(first + 1, second - first - 1);
    m_http10 = version.back() == '0';
    return true;
}

bool HttpGuard::headerField() {
    if (m_request.headers.size() >= m_limits.maxHeaderFields)
        return refuse(431, "There are more than " + std::to_string(m_limits.maxHeaderFields) + " header fields.");
    const std::string_view line = m_line;
    const std::size_t colon = line.find(':');
    // This also catches folded lines and a space before the colon.
    if (colon == std::string_view::npos || !isToken(line.substr(0, colon)))
        return refuse(400, "A header field is malformed.");
    m_request.headers.emplace_back(lowerCase(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
    return true;
}

bool HttpGuard::endHead() {
    const HttpHeaders& headers = m_request.headers;
    const std::vector<std::string_view> hosts = valuesOf(headers, "host");
    if (hosts.size() > 1 || (hosts.empty() && !m_http10)) return refuse(400, "There must be one Host header.");
    if (hosts.size() == 1 && !isHost(hosts[0])) return refuse(400, "The Host header is malformed.");
    if (!readConnection(headers) || !readEncoding(headers) || !readLength(headers)) return false;
    m_state = m_chunked || m_bodyLeft > 0 ? State::Body : State::Complete;
    if (m_state == State::Complete) m_expectContinue = false;
    m_chunks.restart();
    return true;
}

bool HttpGuard::readConnection(const HttpHeaders& headers) {
    m_keepAlive = !m_http10 && !listHas(headers, "connection", "close");
    // Any other protocol offered (h2c, by Java's client) may simply be ignored (RFC 9110 §7.8).
    if (listHas(headers, "upgrade", "websocket")) return refuse(400, "WebSocket is not spoken here.");
    for (const std::string_view value : valuesOf(headers, "expect")) {
        if (lowerCase(value) != "100-continue") return refuse(417, "Only \"Expect: 100-continue\" is understood.");
        m_expectContinue = !m_http10;
    }
    return true;
}

bool HttpGuard::readEncoding(const HttpHeaders& headers) {
    const std::vector<std::string_view> encodings = valuesOf(headers, "transfer-encoding");
    if (encodings.empty()) return true;
    if (encodings.size() > 1 || lowerCase(encodings[0]) != "chunked" || m_http10)
        return refuse(400, "The only Transfer-Encoding understood is one \"chunked\", in HTTP/1.1.");
    if (!valuesOf(headers, "content-length").empty())
        return refuse(400, "Content-Length and Transfer-Encoding exclude each other.");
    m_chunked = true;
    return true;
}

bool HttpGuard::readLength(const HttpHeaders& headers) {
    const std::vector<std::string_view> lengths = valuesOf(headers, "content-length");
    if (lengths.empty()) return true;
    const std::optional<std::uint64_t> length = readDecimal(lengths[0]);
    if (lengths.size() > 1 || !length) return refuse(400, "The Content-Length is malformed.");
    if (*length > m_limits.maxBodyBytes)
        return refuse(413, "A body of " + std::to_string(*length) + " bytes exceeds the limit of " +
                               std::to_string(m_limits.maxBodyBytes) + " bytes.");
    m_bodyLeft = *length;
    return true;
}

std::size_t HttpGuard::feedBody(std::string_view bytes) {
    if (m_chunked) {
        std::size_t consumed = 0;
        switch (m_chunks.feed(bytes, m_request.body, consumed)) {
            case HttpChunks::Verdict::More:
                break;
            case HttpChunks::Verdict::Complete:
                m_state = State::Complete;
                break;
            case HttpChunks::Verdict::Malformed:
                refuse(400, "The chunked body is malformed.");
                break;
            case HttpChunks::Verdict::TooLarge:
                refuse(413, "The body exceeds the limit of " + std::to_string(m_limits.maxBodyBytes) + " bytes.");
                break;
        }
        return consumed;
    }
    const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(m_bodyLeft, bytes.size()));
    if (m_request.body.empty())
        m_request.body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(m_bodyLeft, kFirstReserveBytes)));
    m_request.body.append(bytes.substr(0, count));
    m_bodyLeft -= count;
    if (m_bodyLeft == 0) m_state = State::Complete;
    return count;
}

}  // namespace larder::api
