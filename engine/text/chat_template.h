// A model's chat template (Jinja, from tokenizer.chat_template): messages and tools -> prompt text with the trusted and
// the user's parts kept apart. Rendered as transformers does: trim_blocks, lstrip_blocks, raise_exception,
// strftime_now, tojson. Immutable: any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"
#include "engine/error.h"
#include "engine/text/tokenizer.h"

namespace larder::text {

struct ChatTemplateInput {
    const base::Json* messages = nullptr;      // array; REQUIRED
    const base::Json* tools = nullptr;         // array or null
    const base::Json* variables = nullptr;     // object of further variables (chat_template_kwargs) or null
    bool addGenerationPrompt = true;
    std::string bosToken;                      // trusted
    std::string eosToken;
};

class ChatTemplate {
public:
    // Error names line and what was not understood.
    static Expected<std::shared_ptr<const ChatTemplate>> compile(std::string_view source);
    ~ChatTemplate();

    // InvalidArgument with the template's own words for raise_exception; also for the limits on output, depth, steps.
    Expected<std::vector<TextSegment>> render(const ChatTemplateInput& input) const;

    // Whether the source mentions `tools` (else the caller must put them in by other means).
    bool usesTools() const;

private:
    ChatTemplate();
    struct Inner;
    std::unique_ptr<Inner> m_inner;
};

}  // namespace larder::text
