// From sampled tokens to the events of an answer: text, reasoning and tool calls, with log probabilities beside the text they
// belong to. Also gathers the whole message, as the client gets it. One answer each; one thread at a time.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/api/answer.h"
#include "engine/api/chat_request.h"
#include "engine/text/output_parser.h"

namespace larder::api {

// The answer as a message of the conversation.
struct AnswerMessage {
    struct Call {
        std::string id;
        std::string name;
        std::string arguments;  // JSON; of a call that broke off as far as it came
        bool complete = false;
    };
    std::string text;
    std::string reasoning;
    std::vector<Call> calls;
};

struct AnswerPartsSettings {
    const text::Tokenizer* tokenizer = nullptr;  // outlives the answer
    std::vector<TokenId> markers;                // control tokens that count as text (text::OutputFormat)
    std::vector<std::string> stops;
    text::OutputParserSettings parser;
    std::string callIdPrefix;
};

class AnswerParts {
public:
    explicit AnswerParts(AnswerPartsSettings settings);

    // Appends what is certain after this token. Once stopped() no further token may come.
    void add(GeneratedToken token, std::vector<OutputEvent>& events);
    // No more tokens.
    void finish(std::vector<OutputEvent>& events);

    bool stopped() const { return m_answer.stopped(); }
    const std::string& stopString() const { return m_answer.stopString(); }
    std::size_t tokens() const { return m_answer.tokens(); }
    std::size_t completeCalls() const { return m_completeCalls; }
    const AnswerMessage& message() const { return m_message; }

private:
    void pass(OutputText output, std::vector<OutputEvent>& events);
    OutputEvent event(text::OutputPart part);

    const std::string m_callIdPrefix;
    Answer m_answer;
    std::unique_ptr<text::OutputParser> m_parser;
    std::vector<text::OutputPart> m_parts;  // of one piece
    AnswerMessage m_message;
    std::size_t m_completeCalls = 0;
    bool m_finished = false;
};

}  // namespace larder::api
