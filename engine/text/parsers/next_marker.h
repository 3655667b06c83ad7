// What comes next inside a call: white space, then one of some markers. Fed byte by byte; one call each, one thread at a
// time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace larder::text {

enum class MarkerStep : std::uint8_t { Open, Found, Other };

class NextMarker {
public:
    // REQUIRES that none is empty or the beginning of another, and that none begins with white space.
    explicit NextMarker(std::vector<std::string_view> markers) : m_markers(std::move(markers)) {}

    // Found: this byte ends marker found(). Other: something else comes, or too much white space; held() has all bytes
    // since the beginning, this one too. Afterwards begin() again.
    MarkerStep add(char byte);
    void begin() { m_held.clear(), m_spaces = 0; }

    std::string_view found() const { return std::string_view(m_held).substr(m_spaces); }
    const std::string& held() const { return m_held; }

private:
    std::vector<std::string_view> m_markers;
    std::string m_held;
    std::size_t m_spaces = 0;  // so many of m_held are white space
};

}  // namespace larder::text
