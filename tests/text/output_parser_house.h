// What a parser makes of an answer, however it is cut; and what it must make of it, written down shortly. One thread.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/utf8.h"
#include "engine/text/output_parser.h"

namespace larder::text {

using Parts = std::vector<OutputPart>;

// For comparing: gtest prints variants as bytes.
inline std::vector<std::string> shown(const Parts& parts) {
    std::vector<std::string> out;
    for (const OutputPart& part : parts) {
        if (const auto* text = std::get_if<PartText>(&part)) out.push_back("text(" + text->text + ")");
        if (const auto* text = std::get_if<PartReasoning>(&part)) out.push_back("reasoning(" + text->text + ")");
        if (const auto* call = std::get_if<PartCallStart>(&part))
            out.push_back("start(" + std::to_string(call->index) + ", " + call->name + ")");
        if (const auto* call = std::get_if<PartCallArguments>(&part))
            out.push_back("arguments(" + std::to_string(call->index) + ", " + call->json + ")");
        if (const auto* call = std::get_if<PartCallEnd>(&part))
            out.push_back((call->complete ? "end(" : "broken(") + std::to_string(call->index) + ", " + call->raw + ")");
    }
    return out;
}

// Neighbours of one kind joined.
inline Parts joined(const Parts& parts) {
    Parts out;
    for (const OutputPart& part : parts) {
        OutputPart* last = out.empty() ? nullptr : &out.back();
        if (const auto* text = std::get_if<PartText>(&part); text && last && std::get_if<PartText>(last)) {
            std::get<PartText>(*last).text += text->text;
        } else if (const auto* thought = std::get_if<PartReasoning>(&part); thought && last && std::get_if<PartReasoning>(last)) {
            std::get<PartReasoning>(*last).text += thought->text;
        } else if (const auto* json = std::get_if<PartCallArguments>(&part); json && last && std::get_if<PartCallArguments>(last)) {
            std::get<PartCallArguments>(*last).json += json->json;
        } else {
            out.push_back(part);
        }
    }
    return out;
}

// The characters of a text; a byte that is not UTF-8 is one.
inline std::vector<std::string> charactersOf(std::string_view text) {
    std::vector<std::string> characters;
    for (std::size_t at = 0; at < text.size(); at += characters.back().size())
        characters.emplace_back(text.substr(at, base::decodeUtf8(text, at).bytes));
    return characters;
}

// Not joined. Each piece must be UTF-8 if the text is, and none is empty.
inline Parts parsed(const OutputParserSettings& settings, const std::vector<std::string>& pieces) {
    const auto parser = makeOutputParser(settings);
    Parts parts;
    for (const std::string& piece : pieces) parser->add(piece, parts);
    parser->finish(parts);
    return parts;
}

// Whole, character by character, and cut in two at every place.
inline void expectInEveryCut(const OutputParserSettings& settings, const std::string& text, const Parts& right) {
    SCOPED_TRACE(text);
    const std::vector<std::string> characters = charactersOf(text);
    EXPECT_EQ(shown(joined(parsed(settings, {text}))), shown(right)) << "whole";
    EXPECT_EQ(shown(joined(parsed(settings, characters))), shown(right)) << "character by character";
    std::string before;
    for (const std::string& character : characters) {
        before += character;
        EXPECT_EQ(shown(joined(parsed(settings, {before, text.substr(before.size())}))), shown(right)) << "cut behind " << before;
        if (::testing::Test::HasFailure()) return;
    }
}

// The parts of an answer, in order.
class Answer {
public:
    Answer& text(const std::string& text) { return m_parts.emplace_back(PartText{text}), *this; }
    Answer& reasoning(const std::string& text) { return m_parts.emplace_back(PartReasoning{text}), *this; }
    Answer& call(const std::string& name, const std::string& arguments, const std::string& raw) {
        return add(name, arguments, true, raw);
    }
    // arguments: as far as they came.
    Answer& broken(const std::string& name, const std::string& arguments, const std::string& raw) {
        return add(name, arguments, false, raw);
    }
    operator const Parts&() const { return m_parts; }

private:
    Answer& add(const std::string& name, const std::string& arguments, bool complete, const std::string& raw) {
        m_parts.emplace_back(PartCallStart{m_calls, name});
        if (!arguments.empty()) m_parts.emplace_back(PartCallArguments{m_calls, arguments});
        m_parts.emplace_back(PartCallEnd{m_calls++, complete, raw});
        return *this;
    }
    Parts m_parts;
    std::size_t m_calls = 0;
};

// Tools whose schemas have every shape that parsers look at.
inline std::shared_ptr<const base::Json> someTools() {
    static const auto tools = std::make_shared<const base::Json>(base::Json::parse(R"([
      {"type": "function", "function": {"name": "read", "parameters": {"type": "object", "properties": {
        "path": {"type": "string"}, "limit": {"type": "integer"}, "ratio": {"type": "number"}, "all": {"type": "boolean"},
        "maybe": {"anyOf": [{"type": "integer"}, {"type": "null"}]}, "note": {"type": ["string", "null"]},
        "list": {"type": "array", "items": {"type": "integer"}}, "mixed": {"anyOf": [{"type": "string"}, {"type": "array"}]},
        "colour": {"enum": ["red", "7"]}, "free": {}}}}},
      {"type": "function", "function": {"name": "edit", "parameters": {"type": "object",
        "properties": {"edits": {"type": "array", "items": {"$ref": "#/$defs/Edit"}}, "one": {"$ref": "#/$defs/Edit"}},
        "additionalProperties": {"type": "integer"},
        "$defs": {"Edit": {"type": "object", "properties": {"line": {"type": "integer"}, "text": {"type": "string"},
          "next": {"anyOf": [{"$ref": "#/$defs/Edit"}, {"type": "null"}]}}}}}}},
      {"type": "function", "function": {"name": "now"}}])"));
    return tools;
}

inline OutputParserSettings settingsOf(ToolCallFormat format) {
    OutputParserSettings settings;
    settings.toolCalls = format;
    settings.tools = someTools();
    return settings;
}

}  // namespace larder::text
