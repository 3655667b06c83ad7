// What a JSON schema allows, in the form that a recogniser walks byte by byte: at every place one byte decides what kind of
// value begins. Plain values; shared by answers, never changed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace larder::text {

using GrammarNode = std::int32_t;             // index into JsonGrammar::nodes
inline constexpr GrammarNode kAnyValue = 0;   // every JSON value
inline constexpr GrammarNode kNoValue = -1;   // nothing is valid here

enum class JsonNumber : std::uint8_t { None, Integer, Any };

// What a value may be: one of the literals, or of the kinds that are on. No literal is of a kind that is on.
struct JsonChoice {
    std::vector<std::string> literals;  // JSON texts, sorted, each once; null, true and false too
    JsonNumber number = JsonNumber::None;
    bool string = false;
    bool array = false;
    GrammarNode items = kNoValue;       // of the array; kNoValue: it stays empty
    std::int32_t object = -1;           // index into JsonGrammar::objects; -1: no object

    bool operator==(const JsonChoice&) const = default;
};

struct JsonProperty {
    std::string key;  // JSON text, with its quotes
    GrammarNode value = kAnyValue;
    bool required = false;
};

struct JsonObject {
    bool open = false;                   // any keys, each with a value that is `rest`; else the properties, in any order
    GrammarNode rest = kAnyValue;
    std::vector<JsonProperty> properties;  // sorted by key
};

struct JsonGrammar {
    std::vector<JsonChoice> nodes;    // the first one is kAnyValue
    std::vector<JsonObject> objects;  // the first one is any object
};

// A whole answer: one of the openings, the value that belongs to it, the closing. Then the end, or once more from `again`.
struct AnswerGrammar {
    struct Opening {
        std::string text;  // TokenTrie::spelled()
        GrammarNode value = kAnyValue;
    };
    JsonGrammar json;
    std::vector<Opening> openings;  // sorted by text; none is the beginning of another one
    std::vector<Opening> again;     // likewise; empty: the answer ends behind the closing
    std::string closing;
    std::size_t blanks = 0;         // so many blanks and line ends may come first
};

}  // namespace larder::text
