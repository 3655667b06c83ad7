#include "engine/text/parsers/raw_value.h"

#include "engine/text/parsers/arguments_writer.h"
#include "engine/text/parsers/json_pieces.h"
#include "engine/text/parsers/white_space.h"

namespace larder::text {

RawValue::RawValue(ValueSchema schema, std::string& json) : m_schema(schema), m_json(json), m_types(schema.types()) {
    // Beside a string, a number or boolean counts for less: the text is taken for the string.
    if (m_types.string) m_types.number = m_types.integer = m_types.boolean = false;
}

// Whether the text so far may be the beginning of a value that is not a string.
bool RawValue::mayBeOther() const {
    if (m_types.unknown()) return false;
    if (!m_types.string) return true;
    const std::string_view text = std::string_view(m_text).substr(m_spaces);
    if (text.empty()) return m_spaces < kMaxSeparatorBytes && (m_types.null || m_types.object || m_types.array);
    if (text.starts_with('{') || text.starts_with('[')) return text.starts_with('{') ? m_types.object : m_types.array;
    if (!m_types.null || text.size() > kMaxSeparatorBytes) return false;
    return std::string_view("null").starts_with(trimmed(text)) || std::string_view("None").starts_with(trimmed(text));
}

void RawValue::add(std::string_view piece) {
    for (std::size_t i = 0; i < piece.size(); ++i) {
        if (m_streaming) return appendJsonCharacters(m_json, piece.substr(i));
        if (m_text.size() == m_spaces && isWhiteSpace(piece[i])) ++m_spaces;
        m_text += piece[i];
        if (mayBeOther()) continue;
        m_streaming = true;
        m_json += '"';
        appendJsonCharacters(m_json, m_text);
    }
}

void RawValue::end() {
    if (m_streaming) {
        m_json += '"';
        return;
    }
    const auto other = jsonFromText(m_text, m_schema, kMaxJsonDepth - 1);
    if (other) m_json += *other;
    else appendJsonString(m_json, m_text);
}

}  // namespace larder::text
