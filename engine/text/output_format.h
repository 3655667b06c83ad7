// How a model writes tool calls and reasoning, found from its chat template and vocabulary when it is opened. Plain values.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/text/tokenizer.h"
#include "engine/types.h"

namespace larder::text {

enum class ToolCallFormat : std::uint8_t {
    None,        // calls are not looked for
    HermesJson,  // <tool_call>\n{"name": ..., "arguments": {...}}\n</tool_call>; also what we ask of models whose template knows no tools
    QwenXml,     // <tool_call>\n<function=NAME>\n<parameter=KEY>\nVALUE\n</parameter>\n</function>\n</tool_call>
    LlamaJson    // {"name": ..., "parameters": {...}}, alone or behind <|python_tag|>
};

struct OutputFormat {
    ToolCallFormat toolCalls = ToolCallFormat::HermesJson;
    bool reasoning = false;                // writes <think> ... </think>
    std::vector<TokenId> markers;          // control tokens that parsers must see as text (<|python_tag|>, <tool_call>), sorted
};

// source: the template's text; empty: the model has none.
OutputFormat findOutputFormat(std::string_view source, const Tokenizer& tokenizer);

}  // namespace larder::text
