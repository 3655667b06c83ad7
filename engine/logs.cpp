#include "engine/logs.h"

#include <utility>

#include "engine/base/log.h"
#include "engine/base/log_ring.h"

namespace larder {
namespace {

LogSeverity severityOf(base::LogLevel level) {
    switch (level) {
        case base::LogLevel::Debug: return LogSeverity::Debug;
        case base::LogLevel::Info: return LogSeverity::Info;
        case base::LogLevel::Warning: return LogSeverity::Warning;
        case base::LogLevel::Error:
        case base::LogLevel::Off: return LogSeverity::Error;
    }
    return LogSeverity::Info;
}

}  // namespace

std::vector<LogLine> logLinesAfter(std::uint64_t after) {
    std::vector<LogLine> lines;
    for (base::LogRecord& record : base::recentLog().after(after))
        lines.push_back({record.number, record.unixMs, severityOf(record.level), std::move(record.text)});
    return lines;
}

std::uint64_t lastLogNumber() { return base::recentLog().lastNumber(); }

void keepDebugLogLines(bool on) { base::setRecentLogLevel(on ? base::LogLevel::Debug : base::LogLevel::Info); }

void silenceConsoleLog() { base::setConsoleLogLevel(base::LogLevel::Off); }

}  // namespace larder
