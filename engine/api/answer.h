// The text side of one generation: sampled tokens in, text out, ended by stop strings, with each token's log
// probabilities kept beside the text it went into. One generation each; one thread at a time.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "engine/api/chat_request.h"
#include "engine/generation.h"
#include "engine/text/detokenizer.h"
#include "engine/text/stop_strings.h"
#include "engine/text/tokenizer.h"

namespace larder::api {

class Answer {
public:
    // The tokenizer outlives this. markers: control tokens that count as the text they are written with, sorted.
    Answer(const text::Tokenizer& tokenizer, std::vector<TokenId> markers, std::vector<std::string> stops);

    // What is certain after this token (possibly nothing). Once stopped() no further token may come.
    OutputText add(GeneratedToken token);
    // No more tokens: what was held back, incomplete characters as U+FFFD.
    OutputText finish();

    bool stopped() const { return m_stopped; }  // a stop string ended the answer
    const std::string& stopString() const { return m_stopString; }
    std::size_t tokens() const { return m_tokens; }  // added so far, with those inside the stop string

private:
    OutputText release(const std::string& piece);
    void releaseLogprobs(OutputText& output);
    std::string textOf(TokenId token);

    // A token whose text is not out yet; [first, last) in the bytes of the whole text.
    struct HeldLogprobs {
        PositionLogprobs logprobs;
        std::size_t first = 0;
        std::size_t last = 0;
    };

    const text::Tokenizer& m_tokenizer;
    const std::vector<TokenId> m_markers;
    text::Detokenizer m_detokenizer;
    text::StopStrings m_stops;
    std::deque<HeldLogprobs> m_held;
    std::size_t m_producedBytes = 0;  // by the detokenizer
    std::size_t m_releasedBytes = 0;  // passed on; a prefix of what was produced
    std::size_t m_tokens = 0;
    std::string m_stopString;
    bool m_stopped = false;
};

}  // namespace larder::api
