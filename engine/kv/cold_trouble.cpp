#include "engine/kv/cold_trouble.h"

#include <algorithm>

#include "engine/base/log.h"

namespace larder::kv {
namespace {

constexpr double kFirstPauseMs = 1000;
constexpr double kLongestPauseMs = 60'000;

}  // namespace

void ColdTrouble::failed(const Error& error) {
    noRoom(error.message);
    if (!m_logged) base::logWarning("Nothing is written to the KV cache on the disk now: " + error.message);
    m_logged = true;
    m_pauseMs = m_pauseMs == 0 ? kFirstPauseMs : std::min(kLongestPauseMs, 2 * m_pauseMs);
    m_untilMs = m_context->steadyMs() + m_pauseMs;
    m_paused = true;
    m_context->books.with([&](ColdBooks& books) { books.paused = true; });
    m_context->tellNews();
}

void ColdTrouble::noRoom(const std::string& why) {
    m_context->books.with([&](ColdBooks& books) { books.problem = why; });
}

void ColdTrouble::worked() {
    endPause();
    m_pauseMs = 0;
    m_context->books.with([&](ColdBooks& books) { books.problem.clear(); });
    if (!m_logged) return;
    m_logged = false;
    base::logInfo("The KV cache on the disk is written again.");
}

bool ColdTrouble::pausing() {
    if (m_paused && m_context->steadyMs() >= m_untilMs) endPause();
    return m_paused;
}

void ColdTrouble::endPause() {
    if (!m_paused) return;
    m_paused = false;
    m_context->books.with([&](ColdBooks& books) { books.paused = false; });
    m_context->tellNews();
}

}  // namespace larder::kv
