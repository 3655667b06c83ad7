#include "engine/agents/sentence.h"

#include <cstddef>

namespace larder {

std::string plainText(const AgentText& text) {
    std::string said;
    for (const AgentSentence& sentence : text) {
        if (!said.empty()) said += ' ';
        for (std::size_t i = 0; i < sentence.text.size(); ++i) {
            const char digit = i + 1 < sentence.text.size() ? sentence.text[i + 1] : '\0';
            const std::size_t number = digit >= '1' && digit <= '9' ? static_cast<std::size_t>(digit - '0') : 0;
            if (sentence.text[i] != '%' || number == 0 || number > sentence.values.size()) {
                said += sentence.text[i];
                continue;
            }
            said += sentence.values[number - 1];
            ++i;
        }
    }
    return said;
}

}  // namespace larder
