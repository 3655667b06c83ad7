#include "engine/text/parsers/json_call.h"

#include <algorithm>
#include <array>

#include "engine/text/parsers/white_space.h"

namespace larder::text {

JsonCall::JsonCall(JsonCallKind kind, const base::Json* tools, CallReport& report)
    : m_kind(kind), m_tools(tools), m_report(report), m_reader(*this) {}

JsonStep JsonCall::add(char byte) {
    if (m_holding) m_held += byte;
    const JsonStep step = m_reader.add(byte);
    return m_refused ? JsonStep::Broken : step;
}

void JsonCall::key(const std::string& name) {
    if (m_depth == 1) beginPart(name);
    else if (writes()) m_writer->key(name);
}

// The first of two equal parts counts.
void JsonCall::beginPart(const std::string& name) {
    constexpr std::array<std::string_view, 5> kOfCalls = {"name", "arguments", "parameters", "type", "id"};
    m_holding = false;
    m_part = Part::Other;
    m_string.clear();
    if (name == "name" && !m_name) {
        m_part = Part::Name;
    } else if ((name == "arguments" || name == "parameters") && !m_argumentsBegun) {
        m_part = Part::Arguments;
        m_argumentsBegun = true;
        m_holding = !m_name;
    } else if (m_kind == JsonCallKind::Bare && std::ranges::find(kOfCalls, name) == kOfCalls.end()) {
        m_refused = true;
    }
}

void JsonCall::open(bool isObject) {
    if (m_depth == 1 && (m_part == Part::Name || (m_part == Part::Arguments && !isObject))) m_refused = true;
    if (m_refused) return;
    if (m_depth == 1 && m_part == Part::Arguments && m_name) {
        report();
        m_writer.emplace(argumentsSchema(m_tools, *m_name), m_report.arguments);
    }
    ++m_depth;
    if (writes()) m_writer->open(isObject);
}

void JsonCall::close() {
    if (--m_depth == 0) {
        endCall();
        return;
    }
    if (!writes()) return;
    m_writer->close();
    if (m_depth == 1) endArguments("");
}

void JsonCall::beginString() {
    if (m_depth > 1 && writes()) m_writer->beginString();
}

void JsonCall::addString(std::string_view piece) {
    if (m_depth == 1) m_string += piece;
    else if (writes()) m_writer->addString(piece);
}

void JsonCall::endString() {
    if (m_depth > 1) {
        if (writes()) m_writer->endString();
        return;
    }
    if (m_part == Part::Name) takeName();
    if (m_part != Part::Arguments || !m_name) return;
    if (trimmed(m_string).empty()) return endArguments("{}");
    const auto object = jsonDocument(m_string, argumentsSchema(m_tools, *m_name), kMaxJsonDepth);
    if (object && object->starts_with('{')) endArguments(*object);
    else m_refused = true;
}

void JsonCall::scalar(std::string_view text) {
    if (m_depth > 1) {
        if (writes()) m_writer->scalar(text);
        return;
    }
    if (m_part == Part::Name || (m_part == Part::Arguments && text != "null")) m_refused = true;
    else if (m_part == Part::Arguments && m_name) endArguments("{}");
}

void JsonCall::takeName() {
    if (m_string.empty()) {
        m_refused = true;
        return;
    }
    m_name = std::move(m_string);
    if (m_argumentsBegun) readHeldArguments();
    else if (m_kind == JsonCallKind::Marked) report();
}

// As if they came only now. Nothing is reported of arguments that are none.
void JsonCall::readHeldArguments() {
    m_part = Part::Arguments;
    m_string.clear();
    JsonReader reader(*this);
    JsonStep step = JsonStep::Open;
    for (std::size_t i = m_held.find(':') + 1; i < m_held.size() && step == JsonStep::Open && !m_refused; ++i)
        step = reader.add(m_held[i]);
    m_part = Part::Other;
    m_held.clear();
}

void JsonCall::report() {
    m_report.named = true;
    m_report.name = *m_name;
}

// json: what the writer has not written.
void JsonCall::endArguments(std::string_view json) {
    report();
    m_report.arguments += json;
    m_report.complete = true;
    m_writer.reset();
    m_part = Part::Other;
}

void JsonCall::endCall() {
    if (!m_name || (m_kind == JsonCallKind::Bare && !m_report.complete)) m_refused = true;
    else if (!m_report.complete) endArguments("{}");
}

}  // namespace larder::text
