// JSON schemas -> JsonGrammar. Understood: type, properties, required, additionalProperties (false; a schema where there are
// no properties), items, enum, const, anyOf and oneOf whose alternatives differ in their first byte, allOf of one, $ref into
// the same document unless it recurs. An object with `properties` has no others. What describes members and names no type means
// an object, or with `items` an array. One thread at a time.
//
// Other keywords that constrain are refused where the schema is strict, and else left out and listed. Then more is allowed
// than the schema wants. Annotations never matter.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"
#include "engine/error.h"
#include "engine/text/json_grammar.h"

namespace larder::text {

struct SchemaSource {
    std::string path;     // what messages call it: "tools[0].function.parameters"
    bool strict = false;
};

class JsonSchemaCompiler {
public:
    // canSpell: whether an answer can write such bytes; where not, texts are escaped.
    explicit JsonSchemaCompiler(std::function<bool(std::string_view)> canSpell);

    // The node of what the schema allows. InvalidArgument: it is no schema, too large, or allows nothing. Unsupported: it is
    // strict and "PATH.pattern is not supported with strict".
    Expected<GrammarNode> add(const base::Json& schema, const SchemaSource& source);
    // Likewise, of what it allows only the objects; null: any object.
    Expected<GrammarNode> addObject(const base::Json& schema, const SchemaSource& source);

    const std::vector<std::string>& ignored() const { return m_ignored; }  // paths of keywords, as they were met
    JsonGrammar take() { return std::move(m_grammar); }

private:
    class Walk;
    GrammarNode addNode(JsonChoice choice);

    std::function<bool(std::string_view)> m_canSpell;
    JsonGrammar m_grammar;
    std::vector<std::string> m_ignored;
    std::size_t m_values = 0;     // of all schemas
    std::size_t m_textBytes = 0;  // likewise
};

}  // namespace larder::text
