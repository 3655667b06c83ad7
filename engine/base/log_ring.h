// The last lines of the log in memory, numbered from 1 on. Any thread; lines are kept short and without control characters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/log.h"

namespace larder::base {

struct LogRecord {
    std::uint64_t number = 0;
    std::int64_t unixMs = 0;
    LogLevel level = LogLevel::Info;
    std::string text;  // valid UTF-8, one line
};

class LogRing {
public:
    explicit LogRing(std::size_t capacity) : m_capacity(capacity) {}

    // A message of several lines becomes one line; an overlong one is cut.
    void add(LogLevel level, std::int64_t unixMs, std::string_view message);

    std::vector<LogRecord> after(std::uint64_t number) const;  // oldest first
    std::uint64_t lastNumber() const;

private:
    const std::size_t m_capacity;
    mutable std::mutex m_mutex;
    std::deque<LogRecord> m_records;
    std::uint64_t m_lastNumber = 0;
};

}  // namespace larder::base
