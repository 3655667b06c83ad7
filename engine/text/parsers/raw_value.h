// A value that a model wrote as raw text, written as JSON of the types its schema wants: a string unless the schema wants
// something else and the text is that. Strings are written as they come, unless the text may still turn out to be
// something else. One value each; one thread at a time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "engine/text/parsers/value_schema.h"

namespace larder::text {

class RawValue {
public:
    // Appends to json, which outlives this.
    RawValue(ValueSchema schema, std::string& json);

    void add(std::string_view piece);
    void end();

private:
    bool mayBeOther() const;

    ValueSchema m_schema;
    std::string& m_json;
    ValueTypes m_types;
    bool m_streaming = false;
    std::string m_text;        // until streaming
    std::size_t m_spaces = 0;  // so many white space at its beginning
};

}  // namespace larder::text
