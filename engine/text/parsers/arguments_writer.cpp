#include "engine/text/parsers/arguments_writer.h"

#include "engine/text/parsers/json_pieces.h"
#include "engine/text/parsers/white_space.h"

namespace larder::text {

void ArgumentsWriter::open(bool isObject) {
    const ValueSchema outer = schema();
    beginValue();
    m_json += isObject ? '{' : '[';
    m_open.push_back({outer, isObject ? ValueSchema() : outer.items(), isObject, true});
}

void ArgumentsWriter::close() {
    m_json += m_open.back().isObject ? '}' : ']';
    m_open.pop_back();
}

void ArgumentsWriter::key(const std::string& name) {
    Container& object = m_open.back();
    if (!object.empty) m_json += ',';
    object.empty = false;
    object.next = object.schema.property(name);
    appendJsonString(m_json, name);
    m_json += ':';
}

// In objects the key has written the comma.
void ArgumentsWriter::beginValue() {
    if (m_open.empty() || m_open.back().isObject) return;
    if (!m_open.back().empty) m_json += ',';
    m_open.back().empty = false;
}

void ArgumentsWriter::beginString() {
    const ValueTypes types = schema().types();
    m_buffering = !types.unknown() && !types.string;
    m_string.clear();
    if (m_buffering) return;
    beginValue();
    m_json += '"';
}

void ArgumentsWriter::addString(std::string_view piece) {
    if (m_buffering) m_string += piece;
    else appendJsonCharacters(m_json, piece);
}

void ArgumentsWriter::endString() {
    if (!m_buffering) {
        m_json += '"';
        return;
    }
    const auto coerced = jsonFromText(m_string, schema(), m_maxDepth - m_open.size());
    beginValue();
    if (coerced) m_json += *coerced;
    else appendJsonString(m_json, m_string);
}

void ArgumentsWriter::scalar(std::string_view text) {
    const ValueTypes types = schema().types();
    const bool isBoolean = text == "true" || text == "false";
    const bool fits = text == "null" || (isBoolean ? types.boolean : types.number || types.integer);
    beginValue();
    if (types.string && !fits) appendJsonString(m_json, text);
    else m_json += text;
}

std::optional<std::string> jsonDocument(std::string_view text, const ValueSchema& schema, std::size_t maxDepth) {
    text = trimmed(text);
    if (!text.starts_with('{') && !text.starts_with('[')) return std::nullopt;
    std::string json;
    ArgumentsWriter writer(schema, json, maxDepth);
    JsonReader reader(writer, maxDepth);
    JsonStep step = JsonStep::Open;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (step != JsonStep::Open) return std::nullopt;
        step = reader.add(text[i]);
    }
    if (step != JsonStep::Whole) return std::nullopt;
    return json;
}

// Templates that are written for Python show "True" and "None" to models, which then write them too.
std::optional<std::string> jsonFromText(std::string_view text, const ValueSchema& schema, std::size_t maxDepth) {
    text = trimmed(text);
    const ValueTypes types = schema.types();
    if (types.null && (text == "null" || text == "None")) return "null";
    if (types.boolean && (text == "true" || text == "True")) return "true";
    if (types.boolean && (text == "false" || text == "False")) return "false";
    if ((types.integer && isJsonInteger(text)) || (types.number && isJsonNumber(text))) return std::string(text);
    if (text.starts_with('{') ? types.object : types.array) return jsonDocument(text, schema, maxDepth);
    return std::nullopt;
}

}  // namespace larder::text
