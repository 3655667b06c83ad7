// Reasoning and tool calls out of what a model writes, piece by piece. However the text is cut into pieces, the parts joined
// by kind are the same. Nothing is lost: what is no well-formed call arrives as text. Never throws for what a model wrote.
// One answer each; one thread at a time.
//
// White space that only separates is left out, and nothing else: one line break before a call and one behind it, all line
// breaks behind <think> and </think> and one before them, and stretches of nothing but white space beside those.
// A call is whole when its arguments are: the markers that close it may be missing. Llama's JSON without a marker is a call
// only where no text came before it, with name and arguments and no keys that calls do not have. See also
// parsers/marked_answer.h for calls inside reasoning.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/base/json.h"
#include "engine/text/output_format.h"

namespace larder::text {

struct PartText {
    std::string text;
    bool operator==(const PartText&) const = default;
};
struct PartReasoning {  // without its markers
    std::string text;
    bool operator==(const PartReasoning&) const = default;
};
struct PartCallStart {
    std::size_t index = 0;  // calls of an answer count from 0
    std::string name;
    bool operator==(const PartCallStart&) const = default;
};
// A piece of the call's arguments. All pieces of a call, joined, are one JSON object: compact, keys in the model's order, values
// coerced to the types of the tool's schema ("5" is 5 where a number is wanted). Long strings come in pieces.
struct PartCallArguments {
    std::size_t index = 0;
    std::string json;
    bool operator==(const PartCallArguments&) const = default;
};
struct PartCallEnd {
    std::size_t index = 0;
    bool complete = true;   // false: the call broke off; its arguments so far are no JSON object
    std::string raw;        // the whole call as the model wrote it, markers included
    bool operator==(const PartCallEnd&) const = default;
};
using OutputPart = std::variant<PartText, PartReasoning, PartCallStart, PartCallArguments, PartCallEnd>;

class OutputParser {
public:
    virtual ~OutputParser() = default;
    // text: whole UTF-8 characters. Appends what is certain now; empty texts are never appended.
    virtual void add(std::string_view text, std::vector<OutputPart>& parts) = 0;
    // No more text comes: what was held back is text, an open call ends incomplete.
    virtual void finish(std::vector<OutputPart>& parts) = 0;
};

struct OutputParserSettings {
    ToolCallFormat toolCalls = ToolCallFormat::None;  // None: calls are text (no tools were offered)
    bool reasoning = false;                           // <think> ... </think> is reasoning
    bool reasoningOpen = false;                       // the prompt has opened it already
    // Of the tools offered (array in OpenAI form), for the types of arguments; names that are not there are calls too.
    std::shared_ptr<const base::Json> tools;
};

std::unique_ptr<OutputParser> makeOutputParser(OutputParserSettings settings);

}  // namespace larder::text
