#include "engine/api/http_wire.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <cstdio>
#include <vector>

#include "engine/api/http_target.h"

namespace larder::api {
namespace {

std::string_view reason(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 301:
            return "Moved Permanently";
        case 302:
            return "Found";
        case 303:
            return "See Other";
        case 304:
            return "Not Modified";
        case 307:
            return "Temporary Redirect";
        case 308:
            return "Permanent Redirect";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 406:
            return "Not Acceptable";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 413:
            return "Content Too Large";
        case 415:
            return "Unsupported Media Type";
        case 417:
            return "Expectation Failed";
        case 422:
            return "Unprocessable Content";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 499:
            return "Client Closed Request";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        case 507:
            return "Insufficient Storage";
        case 529:
            return "Overloaded";
        default:
            return "Status";
    }
}

// IMF-fixdate, in English whatever the locale.
std::string httpDate(std::chrono::sys_seconds now) {
    static constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = std::chrono::floor<std::chrono::days>(now);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(now - day);
    std::array<char, 80> text{};
    std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT",
                  kDays[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                  kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                  static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                  static_cast<int>(time.seconds().count()));
    return text.data();
}

bool isServersOwn(std::string_view lowerCaseName) {
    return lowerCaseName == "content-length" || lowerCaseName == "transfer-encoding" || lowerCaseName == "connection" ||
           lowerCaseName == "date" || lowerCaseName == "keep-alive";
}

std::string cleanValue(std::string_view value) {
    std::string out(value);
    for (char& c : out)
        if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) c = ' ';
    return out;
}

}  // namespace

bool statusHasBody(int status) {
    return status >= 200 && status != 204 && status != 304;
}

bool asksToClose(const HttpHeaders& headers) {
    for (const auto& [name, value] : headers) {
        if (lowerCase(name) != "connection") continue;
        const std::vector<std::string> elements = listElements(value);
        if (std::find(elements.begin(), elements.end(), "close") != elements.end()) return true;
    }
    return false;
}

std::string replyHead(int status, const HttpHeaders& headers, const HttpFraming& framing,
                      std::chrono::sys_seconds now) {
    std::string head = "HTTP/1.1 " + std::to_string(std::clamp(status, 100, 999)) + ' ' + std::string(reason(status)) +
                       "\r\nDate: " + httpDate(now) + "\r\n";
    for (const auto& [name, value] : headers) {
        if (!isToken(name) || isServersOwn(lowerCase(name))) continue;
        head += name + ": " + cleanValue(value) + "\r\n";
    }
    if (framing.contentLength) head += "Content-Length: " + std::to_string(*framing.contentLength) + "\r\n";
    if (framing.chunked) head += "Transfer-Encoding: chunked\r\n";
    if (framing.close) head += "Connection: close\r\n";
    return head + "\r\n";
}

std::string chunk(std::string_view bytes) {
    assert(!bytes.empty());
    std::array<char, 24> size{};
    std::snprintf(size.data(), size.size(), "%zx\r\n", bytes.size());
    std::string out;
    out.reserve(bytes.size() + 20);
    out += size.data();
    out += bytes;
    out += "\r\n";
    return out;
}

}  // namespace larder::api
