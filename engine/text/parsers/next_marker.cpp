#include "engine/text/parsers/next_marker.h"

#include <algorithm>

#include "engine/text/parsers/white_space.h"

namespace larder::text {

MarkerStep NextMarker::add(char byte) {
    const bool space = m_held.size() == m_spaces && isWhiteSpace(byte);
    m_held += byte;
    if (space) return ++m_spaces <= kMaxSeparatorBytes ? MarkerStep::Open : MarkerStep::Other;
    for (const std::string_view marker : m_markers) {
        if (marker == found()) return MarkerStep::Found;
        if (marker.starts_with(found())) return MarkerStep::Open;
    }
    return MarkerStep::Other;
}

}  // namespace larder::text
