#include "engine/api/prompt_fronts.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace larder::api {
namespace {

constexpr std::size_t kMostFronts = 16;

std::string beginningOf(std::span<const text::TextSegment> rendered, std::size_t bytes) {
    std::string text;
    for (const text::TextSegment& segment : rendered) {
        if (text.size() >= bytes) break;
        text.append(segment.text, 0, bytes - text.size());
    }
    return text;
}

base::Hash128 hashOf(std::string_view text) {
    return base::hash128(std::as_bytes(std::span(text)));
}

}  // namespace

std::size_t PromptFronts::bytes(const text::ChatTemplate& chatTemplate, const text::ChatTemplateInput& input,
                                std::span<const text::TextSegment> rendered) {
    std::deque<Front> known = m_known.with([](const std::deque<Front>& fronts) { return fronts; });
    std::size_t longest = 0;
    for (const Front& front : known) longest = std::max(longest, front.bytes);
    const std::string text = beginningOf(rendered, longest);
    // The longest that fits: a shorter front may be the beginning of another's.
    std::sort(known.begin(), known.end(), [](const Front& a, const Front& b) { return a.bytes > b.bytes; });
    for (const Front& front : known)
        if (front.bytes <= text.size() && hashOf(std::string_view(text).substr(0, front.bytes)) == front.hash) return front.bytes;

    const std::size_t bytes = text::sharedPrefixBytes(chatTemplate, input, rendered);
    if (bytes == 0) return 0;
    const Front made{bytes, hashOf(beginningOf(rendered, bytes))};
    m_known.with([&](std::deque<Front>& fronts) {
        fronts.push_front(made);
        if (fronts.size() > kMostFronts) fronts.pop_back();
    });
    return bytes;
}

}  // namespace larder::api
