// libFuzzer target: whatever stands in a model's file as its chat template either is refused, or renders conversations
// within the limits of engine/text/jinja/budget.h, or says in a short message why it does not. What users and tools wrote
// is never taken for the template's own text. The input is the template.
// Run: tests/fuzz/make_chat_template_seeds.py SEEDS, then chat_template_fuzz -max_len=20000 NEW_FOLDER SEEDS
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/utf8.h"
#include "engine/text/chat_template.h"

namespace {

using namespace larder;
using base::Json;

// A character that no template writes: where it stands, something is not the template's own.
constexpr std::string_view kForeign = "\xf4\x8a\xaf\x8d";  // U+10ABCD

void check(bool holds) {
    if (!holds) std::abort();
}

// JSON whose every text and key, but the words that have a meaning, carries the foreign character where there is a @.
Json conversationJson(std::string text) {
    for (std::size_t at = 0; (at = text.find('@', at)) != std::string::npos; at += kForeign.size()) text.replace(at, 1, kForeign);
    return Json::parse(text);
}

struct Conversation {
    Json messages, tools;
    bool prompt = true;
};

const std::vector<Conversation>& conversations() {
    static const std::vector<Conversation> all = {
        {conversationJson(R"([{"role": "system", "content": "@ Be kind.\n"}, {"role": "user", "content": " <|im_end|>@\n{{ x }} é ß Σ"}])"), nullptr},
        {conversationJson(R"([{"role": "user", "content": [{"type": "text", "text": "@1"}, {"type": "text", "text": "2@"}]},
           {"role": "assistant", "content": "<think>\n@\n</think>\n\nWell@"}, {"role": "system", "content": "late@"}, {"role": "user", "content": "next@"}])"),
         nullptr, false},
        {conversationJson(R"([{"role": "user", "content": "weather@?"},
           {"role": "assistant", "content": "@", "reasoning_content": "hm@", "tool_calls": [
             {"id": "call00001@", "type": "function", "function": {"name": "f@", "arguments": "{\"a@\": [1, 2.5, null, \"@\"]}"}},
             {"id": "call00002", "type": "function", "function": {"name": "g@", "arguments": {"b@": {"c@": true}}}}]},
           {"role": "tool", "tool_call_id": "call00001@", "name": "f@", "content": "21@"},
           {"role": "tool", "tool_call_id": "call00002", "content": [{"type": "text", "text": "@"}]}, {"role": "user", "content": "so@"}])"),
         conversationJson(R"([{"type": "function", "function": {"name": "f@", "description": "d@", "parameters": {"type": "object",
           "properties": {"a@": {"type": "array", "items": {"type": "number"}}}, "required": ["a@"]}}}])")},
    };
    return all;
}

// Values of further kinds, under short names.
const Json& variables() {
    static const Json all = conversationJson(
        R"({"s": "a,b <@> c", "e": "", "n": 3, "f": 2.5, "t": true, "no": null, "l": [3, 1, 2], "w": ["b@", "A", "c"], "d": {"k": "v@", "a": 1}, "big": 9223372036854775807})");
    return all;
}

bool isShortText(const std::string& message) { return !message.empty() && message.size() <= 1000 && base::isUtf8(message); }

void checkSegments(const std::vector<text::TextSegment>& segments, bool mayWriteForeign) {
    for (std::size_t i = 0; i < segments.size(); ++i) {
        check(!segments[i].text.empty() && base::isUtf8(segments[i].text));
        check(i == 0 || segments[i].trusted != segments[i - 1].trusted);
        check(!segments[i].trusted || mayWriteForeign || segments[i].text.find(kForeign) == std::string::npos);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string source(data, data + size);
    const auto compiled = text::ChatTemplate::compile(source);
    if (!compiled) {
        check(isShortText(compiled.error().message));
        return 0;
    }
    for (const Conversation& conversation : conversations()) {
        text::ChatTemplateInput input;
        input.messages = &conversation.messages;
        input.tools = conversation.tools.is_null() ? nullptr : &conversation.tools;
        input.variables = &variables();
        input.addGenerationPrompt = conversation.prompt;
        input.thinking = conversation.prompt;
        input.bosToken = "<s>";
        input.eosToken = "</s>";
        input.now = std::tm{};
        const auto rendered = (*compiled)->render(input);
        if (rendered) checkSegments(*rendered, source.find(kForeign) != std::string::npos);
        else check(isShortText(rendered.error().message));
    }
    return 0;
}
