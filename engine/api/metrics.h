// GET /metrics: the numbers of a StatusReport in Prometheus' text format, version 0.0.4. Pure; any thread.
#pragma once

#include <string>

#include "engine/documents.h"

namespace larder::api {

inline constexpr const char* kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

std::string metricsText(const StatusReport& report);

}  // namespace larder::api
