#include "engine/text/jinja/text.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "engine/text/jinja/budget.h"

namespace larder::text::jinja {

Text::Text(std::string bytes, bool trusted) : m_bytes(std::move(bytes)) {
    if (!m_bytes.empty()) m_runs.push_back({m_bytes.size(), trusted});
}

bool Text::trusted() const {
    return std::all_of(m_runs.begin(), m_runs.end(), [](const Run& run) { return run.trusted; });
}

void Text::extend(std::size_t end, bool trusted) {
    if (!m_runs.empty() && m_runs.back().trusted == trusted) {
        m_runs.back().end = end;
        return;
    }
    checkPieces(m_runs.size() + 1);
    m_runs.push_back({end, trusted});
}

void Text::append(std::string_view bytes, bool trusted) {
    if (bytes.empty()) return;
    m_bytes.append(bytes);
    extend(m_bytes.size(), trusted);
}

void Text::append(const Text& other, std::size_t first, std::size_t last) {
    assert(first <= last && last <= other.size());
    if (first == last) return;
    if (&other == this) {
        append(Text(other), first, last);
        return;
    }
    const std::size_t shift = m_bytes.size();
    m_bytes.append(other.m_bytes, first, last - first);
    auto run = std::upper_bound(other.m_runs.begin(), other.m_runs.end(), first,
                                [](std::size_t at, const Run& r) { return at < r.end; });
    for (std::size_t at = first; at < last; ++run) {
        at = std::min(run->end, last);
        extend(shift + at - first, run->trusted);
    }
}

Text Text::slice(std::size_t first, std::size_t last) const {
    Text out;
    out.append(*this, first, last);
    return out;
}

}  // namespace larder::text::jinja
