#include "engine/base/log_ring.h"

#include <algorithm>
#include <utility>

#include "engine/base/utf8.h"

namespace larder::base {
namespace {

constexpr std::size_t kMaxLineBytes = 4000;

// Escape sequences in a name must not reach a terminal or a text view.
std::string oneLine(std::string_view message) {
    std::string text = repairUtf8(message.substr(0, kMaxLineBytes + 4));
    if (text.size() > kMaxLineBytes) {
        text.resize(kMaxLineBytes);
        text.resize(text.size() - incompleteUtf8Suffix(text));
        text += " ...";
    }
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    std::replace_if(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
    return text;
}

}  // namespace

void LogRing::add(LogLevel level, std::int64_t unixMs, std::string_view message) {
    std::string text = oneLine(message);
    std::lock_guard lock(m_mutex);
    m_records.push_back({++m_lastNumber, unixMs, level, std::move(text)});
    if (m_records.size() > m_capacity) m_records.pop_front();
}

std::vector<LogRecord> LogRing::after(std::uint64_t number) const {
    std::lock_guard lock(m_mutex);
    if (number >= m_lastNumber) return {};
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(m_lastNumber - number, m_records.size()));
    return {m_records.end() - static_cast<std::ptrdiff_t>(wanted), m_records.end()};
}

std::uint64_t LogRing::lastNumber() const {
    std::lock_guard lock(m_mutex);
    return m_lastNumber;
}

}  // namespace larder::base
