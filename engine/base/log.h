// The log: stderr and, once openLogFile() was called, <baseDir>/logs/larder.log. Any thread; never blocks for long.
// Secrets and prompt text are never logged.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace larder::base {

enum class LogLevel { Debug, Info, Warning, Error, Off };  // Off: no message has it, as a limit it lets none through

void logMessage(LogLevel level, std::string_view message);
inline void logDebug(std::string_view message) { logMessage(LogLevel::Debug, message); }
inline void logInfo(std::string_view message) { logMessage(LogLevel::Info, message); }
inline void logWarning(std::string_view message) { logMessage(LogLevel::Warning, message); }
inline void logError(std::string_view message) { logMessage(LogLevel::Error, message); }

// What goes to stderr; the file gets everything from Info up. Default: Warning.
void setConsoleLogLevel(LogLevel level);

// What the lines in memory get. Default: Info.
void setRecentLogLevel(LogLevel level);

// The last 5000 lines of this process.
class LogRing;
const LogRing& recentLog();

// Adds the rotating file (5 MB, three kept). A folder that cannot be written is reported once on stderr.
void openLogFile(const std::filesystem::path& folder);

}  // namespace larder::base
