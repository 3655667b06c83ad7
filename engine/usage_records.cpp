#include "engine/usage_records.h"

#include "engine/records/usage_log.h"

namespace larder {
namespace {

template <class T>
Expected<T> orNothing(Expected<T> found) {
    if (!found && found.error().code == ErrorCode::NotFound) return T{};
    return found;
}

}  // namespace

std::filesystem::path usageFile(const Settings& settings) { return settings.baseDir / "usage.sqlite3"; }

Expected<UsageTotals> readUsageTotals(const Settings& settings) { return orNothing(records::readTotals(usageFile(settings))); }

Expected<std::vector<UsageHour>> readUsageHours(const Settings& settings, std::int64_t firstUnixHour, std::int64_t lastUnixHour) {
    return orNothing(records::readHours(usageFile(settings), firstUnixHour, lastUnixHour));
}

std::filesystem::path replayFile(const Settings& settings) { return settings.baseDir / "replay.sqlite3"; }

std::filesystem::path promptsFile(const Settings& settings) { return settings.baseDir / "prompts.sqlite3"; }

}  // namespace larder
