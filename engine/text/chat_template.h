// A model's chat template (Jinja, from tokenizer.chat_template): messages and tools -> prompt text with the trusted and
// the user's parts kept apart. Rendered as transformers does: trim_blocks, lstrip_blocks, raise_exception,
// strftime_now, tojson. Immutable: any thread.
#pragma once

#include <cstddef>
#include <ctime>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/json.h"
#include "engine/error.h"
#include "engine/text/tokenizer.h"

namespace larder::text {

struct ChatTemplateInput {
    const base::Json* messages = nullptr;      // array; REQUIRED. Ids of tool calls: 9 letters and digits, or some templates refuse them
    const base::Json* tools = nullptr;         // array or null
    const base::Json* variables = nullptr;     // object of further variables (chat_template_kwargs) or null
    bool addGenerationPrompt = true;
    std::optional<bool> thinking;              // enable_thinking or thinking, as the template calls it; variables win
    std::string bosToken;                      // trusted
    std::string eosToken;
    std::optional<std::tm> now;                // local time for strftime_now; unset: the clock's
};

// What the template was found to understand when it was compiled, by rendering small conversations with it. Messages
// are adapted to it before they are rendered (message_adapter.h says how), so callers need not know any of this.
struct ChatTemplateAbilities {
    bool textContent = true;       // content may be a string; else strings become [{"type": "text", ...}]
    bool partsContent = false;     // content may be a list of parts; else their texts are joined with line ends
    bool nullContent = false;      // beside tool calls, content may be null; else what is null or missing becomes ""
    bool callsNeedNull = false;    // tool calls are shown only beside null content: there "" becomes null
    bool argumentObjects = true;   // tool call arguments are objects; else they stay the strings the model wrote

    bool tools = true;             // tools are shown
    bool calls = true;             // an assistant's tool calls are shown
    bool manyCalls = true;         // several in one message too
    bool results = true;           // the role tool is known
    bool userAfterResult = true;   // a user message may follow it

    bool system = true;            // a system message at the front is shown there
    bool manySystems = true;       // several are
    bool lateSystem = true;        // system messages further behind are shown at their place
    bool userPairs = true;         // two user messages in a row are taken
    bool assistantPairs = true;    // two assistant messages in a row are taken
};

class ChatTemplate {
public:
    // Error names line and what was not understood.
    static Expected<std::shared_ptr<const ChatTemplate>> compile(std::string_view source);
    ~ChatTemplate();

    // Nothing of the conversation is dropped because the template does not know it: tools, calls, results and system
    // messages become text at their place where need be. More messages at the end never change how earlier turns are
    // shown, unless the template itself looks ahead. A template's built-in system text goes when tools must be told in a
    // system message of their own.
    // InvalidArgument with the template's own words for raise_exception; also for the limits on output, depth, steps,
    // and for content parts that are not text where the template takes only text.
    Expected<std::vector<TextSegment>> render(const ChatTemplateInput& input) const;

    // Whether the source mentions `tools`.
    bool usesTools() const;
    const ChatTemplateAbilities& abilities() const;

private:
    ChatTemplate();
    struct Inner;
    std::unique_ptr<Inner> m_inner;
};

// How many bytes at the front of a rendering stand before the first message that is no system message: what other
// conversations with the same tools and system messages begin with too. rendered is what input makes. Renders the front
// once more; 0 if the template refuses it alone.
std::size_t sharedPrefixBytes(const ChatTemplate& chatTemplate, const ChatTemplateInput& input,
                              std::span<const TextSegment> rendered);

}  // namespace larder::text
