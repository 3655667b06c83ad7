// The sampled tokens of earlier answers in the prompts of later requests (design §5.7), so that every turn extends what is
// cached, whatever the client changed in the answer and however its text would be encoded anew. In the order of a request:
// restoreAnswers, then the template, then spliceAnswers; rememberAnswer when its own answer has ended. Any thread; blocks
// where the store does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/hash.h"
#include "engine/base/json.h"
#include "engine/replay.h"
#include "engine/text/tokenizer.h"

namespace larder::text {

// A message of a conversation that has been an answer.
struct ReplayedAnswer {
    std::size_t message = 0;                   // index
    std::vector<TokenId> tokens;               // as sampled
    std::uint64_t promptBytes = 0;             // length and hash of the rendered text they were sampled after
    base::Hash128 promptHash;
    std::string reasoning, content;            // trimmed; where history shows the answer, it shows these in this order
    std::vector<std::string> callNames;        // and these
};

struct RestoredMessages {
    std::vector<ReplayedAnswer> answers;       // by rising index
    base::Hash128 digest;                      // of the conversation: for ReplayPlace
};

// Looks for every assistant message (canonical, OpenAI form) among the remembered answers. Each that equals one but for what
// clients change harmlessly (replay_equality.h) is replaced by it, so that the template renders what was sent.
// tools: as offered, for the schemas of arguments; may be null.
RestoredMessages restoreAnswers(ReplayStore& store, const Tokenizer& tokenizer, base::Json& messages, const base::Json* tools);

// Tokenizer::encode, or something that remembers what it encoded.
using EncodeText = std::function<std::vector<TokenId>(std::span<const TextSegment>)>;

struct SplicedPrompt {
    std::vector<TokenId> ids;
    std::size_t replayedAnswers = 0;
    std::size_t replayedTokens = 0;            // of ids
    std::uint64_t renderedBytes = 0;           // the whole rendering's length and hash: for ReplayPlace
    base::Hash128 renderedHash;
};

// The rendering in tokens. An answer's tokens stand where its turn is: from the end of the text they were sampled after, which
// must be how this rendering begins, to the next trusted end-of-turn marker; and only if the template shows there all that
// was sampled. The pieces between are encoded one by one. So the prompt of a request begins with the prompt and the answer
// of the one before, token by token, if its rendering begins with that one's.
SplicedPrompt spliceAnswers(std::span<const TextSegment> rendering, std::span<const ReplayedAnswer> answers,
                            const Tokenizer& tokenizer, const EncodeText& encode);

// Where in which conversation an answer was sampled.
struct ReplayPlace {
    base::Hash128 conversation;                // RestoredMessages::digest
    std::uint64_t promptBytes = 0;             // SplicedPrompt::renderedBytes, renderedHash
    base::Hash128 promptHash;
};

// message: the answer as the client gets it, canonical: role, content, reasoning_content, tool_calls. tokens: all that were
// sampled but the one that ended the answer; REQUIRES that the message has all their text (no stop string cut it off).
void rememberAnswer(ReplayStore& store, const Tokenizer& tokenizer, const ReplayPlace& place, const base::Json& message,
                    std::vector<TokenId> tokens);

}  // namespace larder::text
