// A vocabulary for grammars: all bytes, pieces that cut JSON and characters at awkward places, an end. One thread.
#pragma once

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tests/text/small_vocabulary.h"

namespace larder::text {

struct GrammarVocabulary {
    std::shared_ptr<const Tokenizer> tokenizer;
    std::vector<TokenId> stops;

    // without: bytes that are no token of their own. controlMarkers: <tool_call> is a control token, else text of pieces.
    static GrammarVocabulary make(std::string_view without = {}, bool controlMarkers = false) {
        SmallVocabulary words;
        for (int byte = 0; byte < 256; ++byte)
            if (without.find(static_cast<char>(byte)) == std::string_view::npos) words.add(alphabetCharacter(static_cast<unsigned char>(byte)));
        for (const std::string_view piece : {
                 "{\"", "\":", "\": ", "\": \"", "\",\"", "\", \"", "\"}", "}}", "}]", "]}", "],", "},", ", ", ": ", "[[", "[]", "{}", "\"\"", "\"]",
                 "\": {\"", "\": [", "\": true", "true", "false", "null", "tru", "nul", "ab", "abc", "name", "file_path", " x", "  ", "\n\n", "\n", "12", "-1",
                 "0.5", "1e", "e1", "00", "\\n", "\\\"", "\\u", "\\ud83d", "\\ude00", "d8", "dc", "\xc3\xa4", "\xe6\x97", "\xa5\xe6\x9c", "\xf0\x9f",
                 "\x98\x80", "\xa4\"", "x\"", "x\\", "\x80", "a\xc3", "tool", "tool_call", "<tool", ">\n", ">\n{\"", "}\n", "}\n</", "_call>", "think>", "</", "\",\"name\":",
                 "arguments", "\", \"arguments\": ", "\", \"arguments\": {\""}) {
            std::string text;
            for (const char byte : piece) text += alphabetCharacter(static_cast<unsigned char>(byte));
            if (std::ranges::find(words.tokens, text) == words.tokens.end()) words.add(text);
        }
        const TokenId end = words.add("<|im_end|>", kControl);
        words.add("<|im_start|>", kControl);
        words.add("<think>", kUserDefined);
        words.add("</think>", kUserDefined);
        if (controlMarkers) {
            words.add("<tool_call>", kControl);
            words.add("</tool_call>", kControl);
        }
        words.more.value<std::uint32_t>("tokenizer.ggml.eos_token_id", static_cast<std::uint32_t>(end));
        auto tokenizer = words.build();
        if (!tokenizer) throw std::logic_error(tokenizer.error().message);
        return {.tokenizer = *tokenizer, .stops = {end}};
    }
};

}  // namespace larder::text
