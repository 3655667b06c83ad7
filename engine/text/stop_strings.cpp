#include "engine/text/stop_strings.h"

#include <algorithm>
#include <string_view>

#include "engine/base/utf8.h"

namespace larder::text {
namespace {

constexpr std::size_t kNoStop = std::string::npos;

}  // namespace

StopStrings::StopStrings(std::vector<std::string> stops) : m_stops(std::move(stops)), m_prefixes(1) {
    for (std::size_t i = 0; i < m_stops.size(); ++i) insert(i);
    linkSuffixes();
}

// Never the empty prefix: 0 means there is none.
std::size_t StopStrings::child(std::size_t prefix, unsigned char byte) const {
    const auto& next = m_prefixes[prefix].next;
    const auto found = std::ranges::find(next, byte, &std::pair<unsigned char, std::size_t>::first);
    return found == next.end() ? 0 : found->second;
}

std::size_t StopStrings::step(std::size_t prefix, unsigned char byte) const {
    for (;; prefix = m_prefixes[prefix].shorter) {
        if (const std::size_t longer = child(prefix, byte)) return longer;
        if (prefix == 0) return 0;
    }
}

void StopStrings::insert(std::size_t stop) {
    std::size_t prefix = 0;
    for (const char character : m_stops[stop]) {
        const auto byte = static_cast<unsigned char>(character);
        std::size_t longer = child(prefix, byte);
        if (longer == 0) {
            longer = m_prefixes.size();
            m_prefixes[prefix].next.emplace_back(byte, longer);
            m_prefixes.emplace_back().length = m_prefixes[prefix].length + 1;
        }
        prefix = longer;
    }
    if (prefix != 0 && m_prefixes[prefix].stop == kNoStop) m_prefixes[prefix].stop = stop;
}

// Breadth first, as a prefix's link goes to a shorter one.
void StopStrings::linkSuffixes() {
    std::vector<std::size_t> order = {0};
    for (std::size_t i = 0; i < order.size(); ++i) {
        const std::size_t prefix = order[i];
        for (const auto& [byte, longer] : m_prefixes[prefix].next) {
            order.push_back(longer);
            Prefix& target = m_prefixes[longer];
            target.shorter = prefix == 0 ? 0 : step(m_prefixes[prefix].shorter, byte);
            if (target.stop == kNoStop) target.stop = m_prefixes[target.shorter].stop;
        }
    }
}

// The first bytes of what is held; they are no longer held then.
std::string StopStrings::release(std::size_t bytes) {
    std::string text = m_held.substr(m_heldFirst, bytes);
    m_heldFirst += bytes;
    if (m_heldFirst * 2 >= m_held.size()) {  // so that each byte is moved at most once or twice
        m_held.erase(0, m_heldFirst);
        m_heldFirst = 0;
    }
    return text;
}

StopStrings::Result StopStrings::add(const std::string& text) {
    if (m_stopped) return {"", true, m_stops[m_stop]};
    for (const char character : text) {
        m_held += character;
        m_prefix = step(m_prefix, static_cast<unsigned char>(character));
        if (m_prefixes[m_prefix].stop == kNoStop) continue;
        m_stopped = true;
        m_stop = m_prefixes[m_prefix].stop;
        const std::size_t before = m_held.size() - m_heldFirst - m_stops[m_stop].size();
        Result result{release(before), true, m_stops[m_stop]};
        m_held.clear();
        m_heldFirst = 0;
        return result;
    }
    const std::string_view held = std::string_view(m_held).substr(m_heldFirst);
    const std::size_t kept = std::max(m_prefixes[m_prefix].length, base::incompleteUtf8Suffix(held));
    return {release(held.size() - kept), false, ""};
}

std::string StopStrings::finish() {
    return release(m_held.size() - m_heldFirst);
}

}  // namespace larder::text
