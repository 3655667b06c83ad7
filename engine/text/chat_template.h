// A model's chat template (Jinja, from tokenizer.chat_template): messages and tools -> prompt text with the trusted and
// the user's parts kept apart. Rendered as transformers does: trim_blocks, lstrip_blocks, raise_exception,
// strftime_now, tojson. Immutable: any thread.
#pragma once

#include <ctime>
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
    std::optional<std::tm> now;                // local time for strftime_now; unset: the clock's
};

// What the template was found to understand when it was compiled, by rendering small conversations with it. Messages
// are adapted to it before they are rendered.
struct ChatTemplateAbilities {
    bool textContent = true;       // content may be a string; else strings become [{"type": "text", ...}]
    bool partsContent = false;     // content may be a list of parts; else their texts are joined with line ends
    bool nullContent = false;      // beside tool calls, content may be null; else what is null or missing becomes ""
    bool callsNeedNull = false;    // tool calls are shown only beside null content: there "" becomes null
    bool argumentObjects = true;   // tool call arguments are objects; else they stay the strings the model wrote
};

class ChatTemplate {
public:
    // Error names line and what was not understood.
    static Expected<std::shared_ptr<const ChatTemplate>> compile(std::string_view source);
    ~ChatTemplate();

    // InvalidArgument with the template's own words for raise_exception; also for the limits on output, depth, steps,
    // and for content parts that are not text where the template takes only text.
    Expected<std::vector<TextSegment>> render(const ChatTemplateInput& input) const;

    // Whether the source mentions `tools` (else the caller must put them in by other means).
    bool usesTools() const;
    const ChatTemplateAbilities& abilities() const;

private:
    ChatTemplate();
    struct Inner;
    std::unique_ptr<Inner> m_inner;
};

}  // namespace larder::text
