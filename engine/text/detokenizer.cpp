#include "engine/text/detokenizer.h"

#include <utility>

#include "engine/base/utf8.h"

namespace larder::text {

std::string Detokenizer::add(TokenId token) {
    m_pending += m_tokenizer.bytes(token);
    const std::size_t certain = m_pending.size() - base::incompleteUtf8Suffix(m_pending);
    std::string text = base::repairUtf8(std::string_view(m_pending).substr(0, certain));
    m_pending.erase(0, certain);
    return text;
}

std::string Detokenizer::finish() {
    return base::repairUtf8(std::exchange(m_pending, {}));
}

}  // namespace larder::text
