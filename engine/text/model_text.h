// Everything about a model that concerns text: tokenizer and chat template, read from its file's metadata.
// Immutable: any thread.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "engine/error.h"
#include "engine/text/chat_template.h"
#include "engine/text/output_format.h"
#include "engine/text/tokenizer.h"

namespace larder::text {

struct ModelText {
    std::shared_ptr<const Tokenizer> tokenizer;
    std::shared_ptr<const ChatTemplate> chatTemplate;  // null when the model has none (a base model)
    std::string chatTemplateProblem;                   // why it is null, for the 400
    OutputFormat outputFormat;                         // how its answers say reasoning and tool calls
};

// Opens the file; blocks for reading its metadata (a 150k vocabulary: tens of milliseconds).
Expected<std::shared_ptr<const ModelText>> loadModelText(const std::filesystem::path& path);

}  // namespace larder::text
