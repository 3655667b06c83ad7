// Where the front that conversations share (tools and system messages) ends in a rendered prompt: models with a recurrent state
// keep a snapshot there, for the next conversation. Finding it takes a second rendering; fronts seen before are known again
// by their text. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>

#include "engine/base/guarded.h"
#include "engine/base/hash.h"
#include "engine/text/chat_template.h"

namespace larder::api {

class PromptFronts {
public:
    // Bytes of `rendered` (what input makes); 0: there is no front, or it cannot be told.
    std::size_t bytes(const text::ChatTemplate& chatTemplate, const text::ChatTemplateInput& input,
                      std::span<const text::TextSegment> rendered);

private:
    struct Front {
        std::size_t bytes = 0;
        base::Hash128 hash;  // of the text up to there
    };
    base::Guarded<std::deque<Front>> m_known;  // the newest first
};

}  // namespace larder::api
