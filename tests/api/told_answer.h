// Answers as protocols are told of them: for tests of what they write.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "engine/api/chat_request.h"

namespace larder::api {

// Of 50 prompt tokens, of which 20 were known.
inline OutputFinished finishedAnswer(FinishReason reason, std::size_t calls, std::size_t answerTokens) {
    OutputFinished finished;
    finished.reason = reason;
    finished.calls = calls;
    finished.promptTokens = 50;
    finished.cachedTokens = 20;
    finished.completionTokens = answerTokens;
    return finished;
}

// Texts, reasoning and calls in any order, without the end. calls: how many there are.
inline std::vector<OutputEvent> randomAnswer(std::mt19937& random, const std::string& idPrefix, const std::vector<std::string>& names,
                                             const std::vector<std::string>& arguments, std::size_t& calls) {
    const char* const texts[] = {"", " ", "\n\n", "a", " b ", "c\n"};
    std::vector<OutputEvent> events;
    calls = 0;
    for (std::size_t left = random() % 12; left > 0; --left) {
        const std::string text = texts[random() % std::size(texts)];
        const std::size_t kind = random() % 5;
        if (kind < 2) events.push_back(OutputText{text, {}});
        if (kind == 2 || kind == 3) events.push_back(OutputReasoning{text});
        if (kind < 4) continue;
        events.push_back(OutputCallStart{calls, idPrefix + std::to_string(calls), names[random() % names.size()]});
        for (const std::string& piece : arguments) events.push_back(OutputCallArguments{calls, piece});
        events.push_back(OutputCallEnd{calls++, true, "raw"});
    }
    return events;
}

}  // namespace larder::api
