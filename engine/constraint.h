// Which tokens may come next: how an answer is kept to a grammar (a forced tool call, a JSON schema). engine/text makes
// them from schemas, the engine asks before it samples; neither knows the other.
#pragma once

#include <cstdint>
#include <span>

#include "engine/types.h"

namespace larder {

// The state of one answer. One thread at a time: made on a request thread, then the engine's alone until the answer ends.
// A function of the tokens accepted so far and of nothing else, so that answers stay the same however they are scheduled.
class Constraint {
public:
    virtual ~Constraint() = default;

    // Whether there is any constraint now: false leaves the row as it is (free text before a marker, say). allowed() need
    // not be called then.
    virtual bool active() const = 0;

    // Bit t % 64 of word t / 64 becomes set exactly when token t may come next; at least one is. Tokens that end an
    // answer are allowed exactly where it may end. mask: [ceil(vocabulary / 64)]
    virtual void allowed(std::span<std::uint64_t> mask) = 0;

    // This token was chosen. REQUIRES that it was allowed. Not called for a token that ended the answer.
    virtual void accept(TokenId token) = 0;
};

}  // namespace larder
