#include "engine/api/http_chunks.h"

#include <algorithm>

namespace larder::api {
namespace {

constexpr int kMaxSizeDigits = 15;  // keeps every size below 2^60
constexpr std::size_t kMaxExtensionBytes = 16 * 1024;

int hexValue(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool isExtensionByte(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

}  // namespace

void HttpChunks::restart() {
    m_expect = Expect::Size;
    m_left = 0;
    m_digits = 0;
    m_extensionBytes = 0;
}

HttpChunks::Verdict HttpChunks::feed(std::string_view bytes, std::string& body, std::size_t& consumed) {
    consumed = 0;
    while (consumed < bytes.size()) {
        if (m_expect == Expect::Data) {
            const std::size_t count =
                static_cast<std::size_t>(std::min<std::uint64_t>(m_left, bytes.size() - consumed));
            body.append(bytes.substr(consumed, count));
            consumed += count;
            m_left -= count;
            if (m_left == 0) m_expect = Expect::DataReturn;
            continue;
        }
        const Verdict verdict = framingByte(bytes[consumed++], body.size());
        if (verdict != Verdict::More) return verdict;
    }
    return Verdict::More;
}

HttpChunks::Verdict HttpChunks::framingByte(char byte, std::size_t bodyBytes) {
    const auto step = [this](bool expected, Expect next) {
        m_expect = next;
        return expected ? Verdict::More : Verdict::Malformed;
    };
    switch (m_expect) {
        case Expect::Size:
        case Expect::SizeOrEnd:
            if (const int digit = hexValue(byte); digit >= 0) {
                m_left = m_left * 16 + static_cast<std::uint64_t>(digit);
                return step(++m_digits <= kMaxSizeDigits, Expect::SizeOrEnd);
            }
            if (m_expect == Expect::Size) return Verdict::Malformed;
            if (byte == ';') return step(true, Expect::Extension);
            return step(byte == '\r', Expect::SizeLineFeed);
        case Expect::Extension:
            if (byte == '\r') return step(true, Expect::SizeLineFeed);
            return step(isExtensionByte(byte) && ++m_extensionBytes <= kMaxExtensionBytes, Expect::Extension);
        case Expect::SizeLineFeed:
            return byte == '\n' ? endSizeLine(bodyBytes) : Verdict::Malformed;
        case Expect::DataReturn:
            return step(byte == '\r', Expect::DataLineFeed);
        case Expect::DataLineFeed:
            m_digits = 0;
            return step(byte == '\n', Expect::Size);
        case Expect::LastReturn:
            return step(byte == '\r', Expect::LastLineFeed);
        case Expect::LastLineFeed:
            return byte == '\n' ? Verdict::Complete : Verdict::Malformed;
        case Expect::Data:
            break;
    }
    return Verdict::Malformed;
}

HttpChunks::Verdict HttpChunks::endSizeLine(std::size_t bodyBytes) {
    if (m_left > m_maxBodyBytes - std::min(bodyBytes, m_maxBodyBytes)) return Verdict::TooLarge;
    m_expect = m_left == 0 ? Expect::LastReturn : Expect::Data;
    return Verdict::More;
}

}  // namespace larder::api
