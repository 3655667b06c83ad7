#include "engine/text/parsers/marker_search.h"

#include <algorithm>

namespace larder::text {

bool MarkerSearch::beginsMarker() const {
    return std::ranges::any_of(m_markers, [&](const std::string& marker) { return marker.starts_with(m_held); });
}

std::optional<std::size_t> MarkerSearch::add(char byte, std::string& text) {
    m_held += byte;
    while (!m_held.empty() && !beginsMarker()) {
        text += m_held.front();
        m_held.erase(0, 1);
    }
    const auto found = std::ranges::find(m_markers, m_held);
    if (found == m_markers.end()) return std::nullopt;
    m_held.clear();
    return static_cast<std::size_t>(found - m_markers.begin());
}

void MarkerSearch::release(std::string& text) {
    text += m_held;
    m_held.clear();
}

}  // namespace larder::text
