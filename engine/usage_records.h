// How much was asked and saved, as <baseDir>/usage.sqlite3 has it: for those who look while no server runs on that directory. A
// running one tells by itself (GET /api/status, GET /api/usage). Any thread; blocks on the disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "engine/error.h"
#include "engine/settings.h"
#include "engine/usage.h"

namespace larder {

std::filesystem::path usageFile(const Settings& settings);
std::filesystem::path replayFile(const Settings& settings);  // where answers are remembered (engine/replay.h)
std::filesystem::path promptsFile(const Settings& settings); // where known prompts are, for the causes of misses

// Nothing where no server ever wrote any.
Expected<UsageTotals> readUsageTotals(const Settings& settings);
Expected<std::vector<UsageHour>> readUsageHours(const Settings& settings, std::int64_t firstUnixHour, std::int64_t lastUnixHour);

}  // namespace larder
