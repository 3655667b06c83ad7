// Numbers of the documents of the API, as people read them. Any thread.
#pragma once

#include <QDateTime>
#include <QJsonValue>
#include <cstdint>
#include <cstdio>
#include <string>

#include "engine/models.h"

namespace larder::app {

inline std::uint64_t countIn(const QJsonValue& value) { return static_cast<std::uint64_t>(value.toInteger()); }
inline std::string bytesIn(const QJsonValue& value) { return readableBytes(countIn(value)); }

// "1,234,567"
inline std::string grouped(std::uint64_t count) {
    std::string digits = std::to_string(count);
    for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
    return digits;
}
inline std::string groupedIn(const QJsonValue& value) { return grouped(countIn(value)); }

// "12.3"
inline std::string oneDecimal(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", value);
    return text;
}

// "2026-01-31 14:05"; "-" for 0.
inline std::string timeIn(const QJsonValue& unixMs) {
    if (unixMs.toInteger() == 0) return "-";
    return QDateTime::fromMSecsSinceEpoch(unixMs.toInteger()).toString("yyyy-MM-dd HH:mm").toStdString();
}

}  // namespace larder::app
