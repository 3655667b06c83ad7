// Finds markers in text that comes byte by byte. Holds back a possible beginning of a marker and nothing more.
// One answer each; one thread at a time.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace larder::text {

class MarkerSearch {
public:
    // REQUIRES that no marker is empty or the beginning of another.
    explicit MarkerSearch(std::vector<std::string> markers) : m_markers(std::move(markers)) {}

    // The index of the marker that ends with this byte. Appends to text what is no part of one.
    std::optional<std::size_t> add(char byte, std::string& text);
    // No more text comes, or what follows is known to be no marker: what was held back is text.
    void release(std::string& text);

    bool holdsBack() const { return !m_held.empty(); }
    const std::string& marker(std::size_t index) const { return m_markers[index]; }

private:
    bool beginsMarker() const;

    std::vector<std::string> m_markers;
    std::string m_held;  // the beginning of a marker
};

}  // namespace larder::text
