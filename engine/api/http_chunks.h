// Decodes a chunked request body (RFC 9112 §7.1), one byte of framing at a time. Extensions are skipped, trailers
// refused. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace larder::api {

class HttpChunks {
public:
    enum class Verdict { More, Complete, Malformed, TooLarge };

    explicit HttpChunks(std::size_t maxBodyBytes) : m_maxBodyBytes(maxBodyBytes) {}

    // Appends data to body; consumed: bytes used, up to the end of the body.
    Verdict feed(std::string_view bytes, std::string& body, std::size_t& consumed);

    void restart();

private:
    enum class Expect {
        Size,
        SizeOrEnd,
        Extension,
        SizeLineFeed,
        Data,
        DataReturn,
        DataLineFeed,
        LastReturn,
        LastLineFeed
    };

    Verdict framingByte(char byte, std::size_t bodyBytes);
    Verdict endSizeLine(std::size_t bodyBytes);

    std::size_t m_maxBodyBytes;
    Expect m_expect = Expect::Size;
    std::uint64_t m_left = 0;  // of the current chunk
    int m_digits = 0;
    std::size_t m_extensionBytes = 0;  // of the whole body: data-free traffic must end somewhere
};

}  // namespace larder::api
