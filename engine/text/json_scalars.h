// JSON strings and numbers, byte by byte. Small values that are copied for every token that is tried. Any thread.
#pragma once

#include <cstdint>

namespace larder::text {

// Behind the opening quote. Well-formed UTF-8, JSON's escapes, surrogates in pairs.
class JsonStringReader {
public:
    enum class Step : std::uint8_t { Refused, Inside, Closed };

    Step step(std::uint8_t byte);
    bool plain() const { return m_part == Part::Plain; }      // neither in an escape nor in a character
    bool inCharacter() const { return m_part == Part::Character; }

private:
    enum class Part : std::uint8_t { Plain, Character, Escape, Hex, LowEscape, LowU };
    Step begin(std::uint8_t byte);
    Step beginCharacter(std::uint8_t byte);
    Step escape(std::uint8_t byte);
    Step hex(std::uint8_t byte);

    Part m_part = Part::Plain;
    std::uint8_t m_left = 0;                  // bytes of the character, or hex digits
    std::uint8_t m_low = 0x80, m_high = 0xbf;  // of the next byte of the character
    bool m_second = false;                    // of a surrogate pair
    std::uint16_t m_code = 0;
};

// Bounded, so that it ends and that every reader can hold it: 18 digits before the point, 18 behind it, an exponent of two.
class JsonNumberReader {
public:
    JsonNumberReader() = default;
    explicit JsonNumberReader(bool integer) : m_integer(integer) {}

    bool step(std::uint8_t byte);  // false: it does not go on like this
    bool complete() const { return m_part == Part::Zero || m_part == Part::Whole || m_part == Part::Fraction || m_part == Part::Exponent; }

private:
    enum class Part : std::uint8_t { Start, Minus, Zero, Whole, Point, Fraction, E, Sign, Exponent };
    bool digit(std::uint8_t byte);
    bool enter(Part part);

    Part m_part = Part::Start;
    bool m_integer = false;
    std::uint8_t m_digits = 0;  // in this part
};

}  // namespace larder::text
