#include "engine/text/json_scalars.h"

namespace larder::text {

namespace {

constexpr std::uint8_t kMostDigits = 18;  // fits 64 bits
constexpr std::uint8_t kMostExponentDigits = 2;

int hexValue(std::uint8_t byte) {
    if (byte >= '0' && byte <= '9') return byte - '0';
    if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

}  // namespace

JsonStringReader::Step JsonStringReader::step(std::uint8_t byte) {
    switch (m_part) {
        case Part::Plain: return begin(byte);
        case Part::Character:
            if (byte < m_low || byte > m_high) return Step::Refused;
            m_low = 0x80;
            m_high = 0xbf;
            if (--m_left == 0) m_part = Part::Plain;
            return Step::Inside;
        case Part::Escape: return escape(byte);
        case Part::Hex: return hex(byte);
        case Part::LowEscape:
            if (byte != '\\') return Step::Refused;
            m_part = Part::LowU;
            return Step::Inside;
        case Part::LowU:
            if (byte != 'u') return Step::Refused;
            m_part = Part::Hex;
            m_left = 4;
            m_second = true;
            m_code = 0;
            return Step::Inside;
    }
    return Step::Refused;
}

JsonStringReader::Step JsonStringReader::begin(std::uint8_t byte) {
    if (byte == '"') return Step::Closed;
    if (byte < 0x20) return Step::Refused;
    if (byte >= 0x80) return beginCharacter(byte);
    if (byte == '\\') m_part = Part::Escape;
    return Step::Inside;
}

// RFC 3629: the first byte says how many follow; four of them narrow the second, against overlong forms, surrogates and
// what is beyond U+10FFFF.
JsonStringReader::Step JsonStringReader::beginCharacter(std::uint8_t byte) {
    if (byte < 0xc2 || byte > 0xf4) return Step::Refused;
    m_part = Part::Character;
    m_left = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    m_low = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
    m_high = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
    return Step::Inside;
}

JsonStringReader::Step JsonStringReader::escape(std::uint8_t byte) {
    switch (byte) {
        case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
            m_part = Part::Plain;
            return Step::Inside;
        case 'u':
            m_part = Part::Hex;
            m_left = 4;
            m_second = false;
            m_code = 0;
            return Step::Inside;
        default: return Step::Refused;
    }
}

JsonStringReader::Step JsonStringReader::hex(std::uint8_t byte) {
    const int value = hexValue(byte);
    if (value < 0) return Step::Refused;
    const auto code = static_cast<std::uint16_t>(m_code * 16 + value);
    // Low surrogates are dc00 to dfff: second in a pair, and nowhere else.
    if (m_left == 4 && m_second && value != 0xd) return Step::Refused;
    if (m_left == 3 && (code >> 4) == 0xd && m_second != (value >= 0xc)) return Step::Refused;
    m_code = code;
    if (--m_left > 0) return Step::Inside;
    const bool high = !m_second && code >= 0xd800 && code < 0xdc00;
    m_part = high ? Part::LowEscape : Part::Plain;
    return Step::Inside;
}

bool JsonNumberReader::step(std::uint8_t byte) {
    if (byte >= '0' && byte <= '9') return digit(byte);
    switch (m_part) {
        case Part::Start: return byte == '-' && enter(Part::Minus);
        case Part::Zero:
        case Part::Whole:
            if (byte == '.' && !m_integer) return enter(Part::Point);
            [[fallthrough]];
        case Part::Fraction: return (byte == 'e' || byte == 'E') && !m_integer && enter(Part::E);
        case Part::E: return (byte == '+' || byte == '-') && enter(Part::Sign);
        default: return false;
    }
}

bool JsonNumberReader::digit(std::uint8_t byte) {
    switch (m_part) {
        case Part::Start:
        case Part::Minus:
            enter(byte == '0' ? Part::Zero : Part::Whole);
            break;
        case Part::Zero: return false;
        case Part::Point: enter(Part::Fraction); break;
        case Part::E:
        case Part::Sign: enter(Part::Exponent); break;
        case Part::Whole:
        case Part::Fraction:
        case Part::Exponent:
            if (m_digits >= (m_part == Part::Exponent ? kMostExponentDigits : kMostDigits)) return false;
            break;
    }
    ++m_digits;
    return true;
}

bool JsonNumberReader::enter(Part part) {
    m_part = part;
    m_digits = 0;
    return true;
}

}  // namespace larder::text
