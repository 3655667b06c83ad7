#include "app/cli/progress_line.h"

#include <algorithm>
#include <cmath>
#include <iostream>

#include "app/cli/table.h"
#include "engine/models.h"

namespace larder::app {
namespace {

constexpr std::chrono::milliseconds kRedraw{100};
constexpr std::chrono::seconds kBetweenLines{5};
constexpr std::size_t kLineColumns = 79;  // a line that wraps cannot be rewritten

// Never 100 before the last byte is there.
int percent(const DownloadProgress& progress) {
    if (progress.doneBytes >= progress.totalBytes) return 100;
    return std::min(99, static_cast<int>(100.0 * static_cast<double>(progress.doneBytes) / static_cast<double>(progress.totalBytes)));
}

}  // namespace

std::string readableDuration(double seconds) {
    const auto whole = static_cast<long long>(std::ceil(std::clamp(seconds, 0.0, 1e9)));
    if (whole < 60) return std::to_string(whole) + " s";
    const long long minutes = (whole + 30) / 60;
    if (minutes < 60) return std::to_string(minutes) + " min";
    if (minutes < 48 * 60) return std::to_string(minutes / 60) + " h " + std::to_string(minutes % 60) + " min";
    return std::to_string(minutes / (24 * 60)) + " days";
}

std::string progressText(const DownloadProgress& progress) {
    std::string text = std::to_string(percent(progress)) + " %  " + readableBytes(progress.doneBytes) + " of " +
                       readableBytes(progress.totalBytes);
    if (!progress.remark.empty()) return text + "  " + progress.remark;
    if (progress.verifying) return text + "  checking what arrived";
    if (progress.bytesPerSecond > 0) text += "  " + readableBytes(static_cast<std::uint64_t>(progress.bytesPerSecond)) + "/s";
    if (progress.secondsLeft) text += "  " + readableDuration(*progress.secondsLeft) + " left";
    return text;
}

ProgressLine::~ProgressLine() { clear(); }

void ProgressLine::show(const DownloadProgress& progress) {
    const auto now = Clock::now();
    if (m_onTerminal) {
        if (now < m_next) return;
        m_next = now + kRedraw;
        std::cerr << "\r" << shortened(progressText(progress), kLineColumns) << "\x1b[K" << std::flush;
        m_lineIsDirty = true;
        return;
    }
    if (m_first) m_next = now + kBetweenLines;  // a short download needs no lines
    m_first = false;
    if (now < m_next) return;
    m_next = now + kBetweenLines;
    std::cerr << progressText(progress) << std::endl;
}

void ProgressLine::clear() {
    if (m_lineIsDirty) std::cerr << "\r\x1b[K" << std::flush;
    m_lineIsDirty = false;
}

}  // namespace larder::app
