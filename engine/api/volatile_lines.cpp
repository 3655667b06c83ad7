#include "engine/api/volatile_lines.h"

#include <string_view>

namespace larder::api {
namespace {

constexpr std::string_view kAttribution = "x-anthropic-billing-header:";

// The first line from `at` (a line's beginning) on that is one; npos: there is none.
std::size_t nextAttribution(std::string_view text, std::size_t at) {
    for (std::size_t found = text.find(kAttribution, at); found != text.npos; found = text.find(kAttribution, found + 1))
        if (found == 0 || text[found - 1] == '\n') return found;
    return text.npos;
}

bool endsInBlankLine(std::string_view text) {
    return text.empty() || text == "\n" || text.ends_with("\n\n");
}

}  // namespace

std::string withoutVolatileLines(std::string text) {
    std::size_t line = nextAttribution(text, 0);
    if (line == text.npos) return text;
    std::string kept;
    std::size_t at = 0;  // of what is neither kept nor dropped
    for (; line != text.npos; line = nextAttribution(text, at)) {
        kept.append(text, at, line - at);
        const std::size_t end = text.find('\n', line);
        if (end == text.npos) {  // the last line: the line break before it goes
            const std::size_t breaks = kept.ends_with("\n\n") ? 2 : kept.ends_with('\n') ? 1 : 0;
            kept.resize(kept.size() - breaks);
            return kept;
        }
        at = end + 1;
        if (endsInBlankLine(kept) && at < text.size() && text[at] == '\n') ++at;
    }
    kept.append(text, at);
    return kept;
}

}  // namespace larder::api
