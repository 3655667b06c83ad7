#include "engine/text/parsers/text_stretch.h"

#include <algorithm>

#include "engine/text/parsers/white_space.h"

namespace larder::text {

void TextStretch::add(char byte, std::string& out) {
    if (m_blank && isWhiteSpace(byte) && m_spaces.size() < kMaxSeparatorBytes) {
        m_spaces += byte;
        return;
    }
    if (m_blank) endBlank(out);
    if (m_lineBreak) out += '\n';
    m_lineBreak = byte == '\n';
    if (!m_lineBreak) out += byte;
}

// The white space at the beginning belongs to text.
void TextStretch::endBlank(std::string& out) {
    m_blank = false;
    std::size_t dropped = 0;
    if (m_leading == LeadingLines::One) dropped = m_spaces.starts_with('\n') ? 1 : 0;
    if (m_leading == LeadingLines::All) dropped = std::min(m_spaces.find_first_not_of('\n'), m_spaces.size());
    out.append(m_spaces, dropped);
    m_spaces.clear();
}

void TextStretch::finish(std::string& out) {
    if (m_blank && m_leading == LeadingLines::Keep) out += m_spaces;
    if (m_lineBreak) out += '\n';
    m_spaces.clear();
    m_lineBreak = false;
}

}  // namespace larder::text
