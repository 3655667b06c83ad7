// GET /api/status, /metrics and /api/usage: what the server has done and is doing, all from one look. Request threads.
#pragma once

#include <cstdint>
#include <string>

#include "engine/api/generator.h"
#include "engine/documents.h"
#include "engine/error.h"
#include "engine/records/usage_log.h"

namespace larder::api {

struct ServerFacts {
    std::string version;
    std::int64_t startedUnixMs = 0;
    double startedSteadyMs = 0;           // base::steadyMs()
    records::UsageLog* usage = nullptr;   // null: nothing is kept over restarts
};

// The one look: total, by model and all time agree exactly.
StatusReport takeReport(const Generator& generator, const ServerFacts& facts);

// query: "from=HOUR&to=HOUR", hours since 1970, inclusive; the last 24 hours where they are missing. InvalidArgument names what
// is wrong.
Expected<std::string> usageBody(const std::string& query, std::int64_t unixHourNow, records::UsageLog* usage);

}  // namespace larder::api
