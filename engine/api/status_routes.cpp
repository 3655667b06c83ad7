#include "engine/api/status_routes.h"

#include <optional>
#include <string_view>
#include <utility>

#include "engine/api/http_target.h"
#include "engine/base/clock.h"

namespace larder::api {
namespace {

constexpr std::int64_t kHoursByDefault = 24;

// The value of name in "a=1&b=2"; the last of several.
std::optional<std::string_view> queryValue(std::string_view query, std::string_view name) {
    std::optional<std::string_view> found;
    while (!query.empty()) {
        const std::string_view part = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), part.size() + 1));
        const std::size_t equals = part.find('=');
        if (part.substr(0, equals) == name) found = equals == part.npos ? std::string_view() : part.substr(equals + 1);
    }
    return found;
}

Expected<std::int64_t> hourIn(const std::string& query, const char* name, std::int64_t otherwise) {
    const auto text = queryValue(query, name);
    if (!text) return otherwise;
    if (const auto hour = readDecimal(*text)) return static_cast<std::int64_t>(*hour);
    return Error{ErrorCode::InvalidArgument, std::string(name) + " must be a number of hours since 1970, such as " +
                                                 std::to_string(otherwise) + "."};
}

}  // namespace

StatusReport takeReport(const Generator& generator, const ServerFacts& facts) {
    StatusReport report;
    report.version = facts.version;
    report.startedUnixMs = facts.startedUnixMs;
    report.uptimeSeconds = (base::steadyMs() - facts.startedSteadyMs) / 1000;
    report.engine = generator.status();
    report.allTime = facts.usage != nullptr ? facts.usage->totals(report.engine.usage) : addUsage({}, report.engine.usage);
    return report;
}

Expected<std::string> usageBody(const std::string& query, std::int64_t unixHourNow, records::UsageLog* usage) {
    const auto last = hourIn(query, "to", unixHourNow);
    if (!last) return last.error();
    const auto first = hourIn(query, "from", *last - (kHoursByDefault - 1));
    if (!first) return first.error();
    if (usage == nullptr) return Error{ErrorCode::Unavailable, "Nothing is recorded here."};
    auto hours = usage->hours(*first, *last);
    if (!hours) return hours.error();
    return usageDocument(*first, *last, *hours);
}

}  // namespace larder::api
