// Token ids -> text, incrementally: holds back bytes that are not a whole UTF-8 character yet.
// One generation each; one thread at a time.
#pragma once

#include <string>

#include "engine/text/tokenizer.h"
#include "engine/types.h"

namespace larder::text {

class Detokenizer {
public:
    // The tokenizer outlives this.
    explicit Detokenizer(const Tokenizer& tokenizer) : m_tokenizer(tokenizer) {}

    // The text that is certain now (may be empty). Bytes that can never become UTF-8 come out as U+FFFD.
    std::string add(TokenId token);
    // What was held back, as U+FFFD. Afterwards empty.
    std::string finish();

private:
    const Tokenizer& m_tokenizer;
    std::string m_pending;
};

}  // namespace larder::text
