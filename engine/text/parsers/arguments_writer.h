// Writes JSON again as it is read: compact, keys in their order, numbers as they were written, and every value coerced to
// the types its schema wants: a string that holds a number, a boolean, null, an object or an array becomes that where no
// string is wanted, a number or boolean becomes a string where only that is. What cannot be coerced stays what it is.
// Strings are written as they come unless they may turn out to be something else. One value each; one thread at a time.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/text/parsers/json_reader.h"
#include "engine/text/parsers/value_schema.h"

namespace larder::text {

class ArgumentsWriter final : public JsonEvents {
public:
    // Appends to json, which outlives this.
    ArgumentsWriter(ValueSchema schema, std::string& json, std::size_t maxDepth = kMaxJsonDepth)
        : m_schema(schema), m_json(json), m_maxDepth(maxDepth) {}

    void open(bool isObject) override;
    void close() override;
    void key(const std::string& name) override;
    void beginString() override;
    void addString(std::string_view piece) override;
    void endString() override;
    void scalar(std::string_view text) override;

private:
    struct Container {
        ValueSchema schema;
        ValueSchema next;  // of the value that comes next
        bool isObject = false;
        bool empty = true;
    };
    const ValueSchema& schema() const { return m_open.empty() ? m_schema : m_open.back().next; }
    void beginValue();

    ValueSchema m_schema;
    std::string& m_json;
    std::size_t m_maxDepth;
    std::vector<Container> m_open;
    bool m_buffering = false;  // the string may turn out to be something else
    std::string m_string;      // while buffering
};

// text is one whole JSON object or array: the same, written anew. nullopt: it is not.
std::optional<std::string> jsonDocument(std::string_view text, const ValueSchema& schema, std::size_t maxDepth);

// text as a value of a type other than string that the schema wants ("5", "True", "None", "[1]"). nullopt: it is none.
std::optional<std::string> jsonFromText(std::string_view text, const ValueSchema& schema, std::size_t maxDepth);

}  // namespace larder::text
