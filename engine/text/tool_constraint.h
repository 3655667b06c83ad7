// Constraints that requests ask for: a tool must be called, or the answer is JSON. Any thread; the first one for a
// tokenizer takes tens of milliseconds, further ones what their schemas take.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/base/json.h"
#include "engine/constraint.h"
#include "engine/error.h"
#include "engine/text/output_format.h"
#include "engine/text/tokenizer.h"
#include "engine/types.h"

namespace larder::text {

struct MadeConstraint {
    std::shared_ptr<Constraint> constraint;
    std::vector<std::string> ignored;  // keywords that are not kept to: "tools[0].function.parameters.properties.x.pattern"
};

struct ToolConstraintSettings {
    std::shared_ptr<const Tokenizer> tokenizer;
    const base::Json* tools = nullptr;   // array in OpenAI form, lent for the call; a function may be `strict`
    std::string name;                    // the one to call; empty: any
    bool parallel = false;               // several calls may follow one another (not in LlamaJson, which has one)
    ToolCallFormat format = ToolCallFormat::HermesJson;  // QwenXml and None: as HermesJson, which their parser reads too
    std::string startAfter;              // free text up to and with this ("</think>"), then a few blanks; empty: at once
    std::vector<TokenId> stopTokens;     // end the answer
};

// A well-formed call of a tool with arguments that its schema allows, then the end. InvalidArgument: no such tool, or its
// parameters are no schema. Unsupported: a strict schema wants what cannot be kept to, or the vocabulary cannot write JSON.
Expected<MadeConstraint> makeToolConstraint(const ToolConstraintSettings& settings);

struct JsonConstraintSettings {
    std::shared_ptr<const Tokenizer> tokenizer;
    const base::Json* schema = nullptr;  // null: any object; lent for the call
    std::string path = "schema";         // what messages call it
    bool strict = false;
    std::string startAfter;              // as above
    std::vector<TokenId> stopTokens;
};

// One JSON value that the schema allows, then the end. Errors as above.
Expected<MadeConstraint> makeJsonConstraint(const JsonConstraintSettings& settings);

}  // namespace larder::text
