#include "engine/text/parsers/json_reader.h"

#include <algorithm>

#include "engine/base/utf8.h"
#include "engine/text/parsers/json_pieces.h"
#include "engine/text/parsers/white_space.h"

namespace larder::text {

JsonStep JsonReader::add(char byte) {
    switch (m_inside) {
        case Inside::String: return addInString(byte);
        case Inside::Escape: return addEscape(byte);
        case Inside::Unicode: return addUnicode(byte);
        case Inside::Scalar: return addScalar(byte);
        case Inside::Nothing: break;
    }
    return isWhiteSpace(byte) ? JsonStep::Open : addOutside(byte);
}

JsonStep JsonReader::finish() {
    if (m_inside == Inside::Scalar && m_open.empty()) return endScalar();
    return m_await == Await::Nothing ? JsonStep::Whole : JsonStep::Broken;
}

JsonStep JsonReader::addOutside(char byte) {
    switch (m_await) {
        case Await::ValueOrEnd:
            if (byte == ']') return closeContainer(byte);
            [[fallthrough]];
        case Await::Value: return beginValue(byte);
        case Await::KeyOrEnd:
            if (byte == '}') return closeContainer(byte);
            [[fallthrough]];
        case Await::Key: return byte == '"' ? beginString(true) : JsonStep::Broken;
        case Await::Colon:
            m_await = Await::Value;
            return byte == ':' ? JsonStep::Open : JsonStep::Broken;
        case Await::CommaOrEnd:
            if (byte != ',') return closeContainer(byte);
            m_await = m_open.back() == '{' ? Await::Key : Await::Value;
            return JsonStep::Open;
        case Await::Nothing: break;
    }
    return JsonStep::Broken;
}

JsonStep JsonReader::beginValue(char byte) {
    if (byte == '"') return beginString(false);
    if (byte != '{' && byte != '[') {
        m_inside = Inside::Scalar;
        m_text.clear();
        return addScalar(byte);
    }
    if (m_open.size() >= m_maxDepth) return JsonStep::Broken;
    m_open.push_back(byte);
    m_await = byte == '{' ? Await::KeyOrEnd : Await::ValueOrEnd;
    m_events.open(byte == '{');
    return JsonStep::Open;
}

JsonStep JsonReader::beginString(bool isKey) {
    m_inside = Inside::String;
    m_isKey = isKey;
    if (isKey) m_text.clear();
    else m_events.beginString();
    return JsonStep::Open;
}

JsonStep JsonReader::closeContainer(char byte) {
    const char wanted = m_open.back() == '{' ? '}' : ']';
    if (byte != wanted) return JsonStep::Broken;
    m_open.pop_back();
    m_events.close();
    return endValue();
}

JsonStep JsonReader::endValue() {
    m_await = m_open.empty() ? Await::Nothing : Await::CommaOrEnd;
    return m_open.empty() ? JsonStep::Whole : JsonStep::Open;
}

JsonStep JsonReader::addScalar(char byte) {
    const bool ends = isWhiteSpace(byte) || byte == ',' || byte == ']' || byte == '}';
    if (!ends || m_text.empty()) {
        m_text += byte;
        return beginsJsonScalar(m_text) ? JsonStep::Open : JsonStep::Broken;
    }
    const JsonStep step = endScalar();
    return step == JsonStep::Open && !isWhiteSpace(byte) ? addOutside(byte) : step;
}

JsonStep JsonReader::endScalar() {
    if (!isJsonScalar(m_text)) return JsonStep::Broken;
    m_inside = Inside::Nothing;
    m_events.scalar(m_text);
    return endValue();
}

JsonStep JsonReader::addInString(char byte) {
    if (byte == '\\') {
        m_inside = Inside::Escape;
        return JsonStep::Open;
    }
    endSurrogate();
    if (byte != '"') {
        addCharacters({&byte, 1});
        return JsonStep::Open;
    }
    m_inside = Inside::Nothing;
    if (m_isKey) {
        m_await = Await::Colon;
        m_events.key(m_text);
        return JsonStep::Open;
    }
    m_events.endString();
    return endValue();
}

JsonStep JsonReader::addEscape(char byte) {
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
    if (byte == 'u') {
        m_inside = Inside::Unicode;
        m_unit = 0;
        m_unitDigits = 0;
        return JsonStep::Open;
    }
    const std::size_t which = kLetters.find(byte);
    if (which == std::string_view::npos) return JsonStep::Broken;
    endSurrogate();
    addCharacters(kMeant.substr(which, 1));
    m_inside = Inside::String;
    return JsonStep::Open;
}

JsonStep JsonReader::addUnicode(char byte) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    const std::size_t digit = kDigits.find(byte >= 'A' && byte <= 'F' ? static_cast<char>(byte - 'A' + 'a') : byte);
    if (digit == std::string_view::npos) return JsonStep::Broken;
    m_unit = m_unit * 16 + static_cast<std::uint32_t>(digit);
    if (++m_unitDigits == 4) {
        addCodeUnit();
        m_inside = Inside::String;
    }
    return JsonStep::Open;
}

void JsonReader::addCodeUnit() {
    const bool isHigh = m_unit >= 0xd800 && m_unit < 0xdc00;
    const bool isLow = m_unit >= 0xdc00 && m_unit < 0xe000;
    char32_t character = m_unit;
    if (isLow && m_highSurrogate != 0) {
        character = 0x10000 + ((m_highSurrogate - 0xd800) << 10) + (m_unit - 0xdc00);
        m_highSurrogate = 0;
    }
    endSurrogate();
    if (isHigh) {
        m_highSurrogate = m_unit;
        return;
    }
    std::string text;
    base::appendUtf8(text, character);  // half a pair becomes U+FFFD
    addCharacters(text);
}

// The other half did not come.
void JsonReader::endSurrogate() {
    if (m_highSurrogate == 0) return;
    m_highSurrogate = 0;
    addCharacters("\ufffd");
}

void JsonReader::addCharacters(std::string_view piece) {
    if (m_isKey) m_text += piece;
    else m_events.addString(piece);
}

}  // namespace larder::text
