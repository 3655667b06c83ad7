// Reads one JSON value that comes byte by byte and tells its parts as they come. RFC 8259, with one liberty: control
// characters in strings (a line break, a tab) are taken as they are, for models write them. Takes linear time and holds
// back no more than a key or a number. One value each; one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace larder::text {

constexpr std::size_t kMaxJsonDepth = 100;

// Told by a JsonReader, in the order of the text.
class JsonEvents {
public:
    virtual ~JsonEvents() = default;
    virtual void open(bool isObject) = 0;  // or an array
    virtual void close() = 0;
    virtual void key(const std::string& name) = 0;
    // A string's value: begin, its characters in any number of pieces, end.
    virtual void beginString() = 0;
    virtual void addString(std::string_view piece) = 0;
    virtual void endString() = 0;
    virtual void scalar(std::string_view text) = 0;  // a number, true, false, null, as written
};

enum class JsonStep : std::uint8_t { Open, Whole, Broken };

class JsonReader {
public:
    // The events outlive the reader.
    explicit JsonReader(JsonEvents& events, std::size_t maxDepth = kMaxJsonDepth)
        : m_events(events), m_maxDepth(maxDepth) {}

    // Whole: the value ends with this byte (a number or literal at the top ends with finish() alone). Broken: this byte
    // cannot follow, or ends a number that is none or beyond any double. No bytes may follow either.
    JsonStep add(char byte);
    JsonStep finish();

private:
    enum class Await : std::uint8_t { Value, ValueOrEnd, KeyOrEnd, Key, Colon, CommaOrEnd, Nothing };
    enum class Inside : std::uint8_t { Nothing, String, Escape, Unicode, Scalar };

    JsonStep addOutside(char byte);
    JsonStep beginValue(char byte);
    JsonStep beginString(bool isKey);
    JsonStep closeContainer(char byte);
    JsonStep endValue();
    JsonStep endScalar();
    JsonStep addScalar(char byte);
    JsonStep addInString(char byte);
    JsonStep addEscape(char byte);
    JsonStep addUnicode(char byte);
    void addCodeUnit();
    void endSurrogate();
    void addCharacters(std::string_view piece);

    JsonEvents& m_events;
    std::size_t m_maxDepth;
    std::vector<char> m_open;  // '{' or '['
    Await m_await = Await::Value;
    Inside m_inside = Inside::Nothing;
    bool m_isKey = false;      // the string is one
    std::string m_text;        // of a key or a scalar
    std::uint32_t m_unit = 0;  // of \uXXXX
    int m_unitDigits = 0;
    std::uint32_t m_highSurrogate = 0;  // 0: none waits for its other half
};

}  // namespace larder::text
