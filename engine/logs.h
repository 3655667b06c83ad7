// The last lines of this process's log, for the Logs page. Any thread; never blocks for long.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace larder {

enum class LogSeverity { Debug, Info, Warning, Error };

struct LogLine {
    std::uint64_t number = 0;          // rises by one a line, from 1
    std::int64_t unixMs = 0;
    LogSeverity severity = LogSeverity::Info;
    std::string text;                  // UTF-8, one line
};

// The lines after number `after`, oldest first; the process keeps the last 5000 from Info up (Debug too when switched on).
std::vector<LogLine> logLinesAfter(std::uint64_t after);
std::uint64_t lastLogNumber();
void keepDebugLogLines(bool on);

// From now on nothing goes to stderr: another program draws on the terminal. The file and the lines kept here have it all.
void silenceConsoleLog();

}  // namespace larder
