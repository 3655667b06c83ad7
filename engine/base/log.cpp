#include "engine/base/log.h"

#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>

#include "engine/base/log_ring.h"

namespace larder::base {
namespace {

constexpr std::size_t kRecentLines = 5000;

spdlog::level::level_enum toLibrary(LogLevel level) {
    switch (level) {
        case LogLevel::Debug: return spdlog::level::debug;
        case LogLevel::Info: return spdlog::level::info;
        case LogLevel::Warning: return spdlog::level::warn;
        case LogLevel::Error: return spdlog::level::err;
        case LogLevel::Off: return spdlog::level::off;
    }
    return spdlog::level::info;
}

// The file joins later than the first message, and the library's list of sinks is not locked: hence the mutex.
struct Log {
    std::mutex mutex;
    std::shared_ptr<spdlog::sinks::sink> console = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
    spdlog::logger logger{"larder", console};
    LogRing recent{kRecentLines};
    std::atomic<LogLevel> recentLevel{LogLevel::Info};

    Log() {
        console->set_level(spdlog::level::warn);
        console->set_pattern("larder: %^%l%$: %v");
        logger.set_level(spdlog::level::debug);
        logger.flush_on(spdlog::level::warn);
    }
};

// Never destroyed: threads may log until the very end of the process.
Log& log() {
    static Log& instance = *new Log;
    return instance;
}

}  // namespace

void logMessage(LogLevel level, std::string_view message) {
    std::lock_guard lock(log().mutex);
    log().logger.log(toLibrary(level), message);
    if (level < log().recentLevel) return;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    log().recent.add(level, std::chrono::duration_cast<std::chrono::milliseconds>(now).count(), message);
}

void setRecentLogLevel(LogLevel level) { log().recentLevel = level; }

const LogRing& recentLog() { return log().recent; }

void setConsoleLogLevel(LogLevel level) {
    std::lock_guard lock(log().mutex);
    log().console->set_level(toLibrary(level));
}

void openLogFile(const std::filesystem::path& folder) {
    std::lock_guard lock(log().mutex);
    try {
        auto file = std::make_shared<spdlog::sinks::rotating_file_sink_mt>((folder / "larder.log").string(), 5 << 20, 3);
        file->set_level(spdlog::level::info);
        file->set_pattern("%Y-%m-%d %H:%M:%S.%e %l %v");
        log().logger.sinks() = {log().console, file};
        log().logger.flush_on(spdlog::level::info);
    } catch (const spdlog::spdlog_ex& error) {
        log().logger.warn("no log file: {}", error.what());
    }
}

}  // namespace larder::base
