// The JSON documents of the HTTP API that are about the server itself (docs/http_api.md): the server answers them, and commands
// print them with --json, also where no server runs. One line each, as a text. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/cache.h"
#include "engine/requests.h"
#include "engine/status.h"
#include "engine/usage.h"

namespace larder {

// One look at everything there is to count: what is written from it agrees exactly.
struct StatusReport {
    bool running = true;                 // false: no server; the next three are empty and engine has the cold tier alone
    std::string version;
    std::int64_t startedUnixMs = 0;
    double uptimeSeconds = 0;
    EngineStatus engine;
    UsageTotals allTime;
};

const char* stateWord(ModelState state);  // "loaded"

std::string statusDocument(const StatusReport& report);
std::string usageDocument(std::int64_t firstUnixHour, std::int64_t lastUnixHour, const std::vector<UsageHour>& hours);

std::string cacheDocument(const ColdTierStatus& status, const CacheListing& listing);
std::string pinnedDocument(const std::string& id, bool pinned);
std::string clearedDocument(const CacheCleared& cleared);
std::string verifiedDocument(const CacheVerified& verified);
std::string exportedDocument(const std::string& file, const ExportedPrefix& exported);
std::string importedDocument(const ImportedPrefix& imported);

const char* stateWord(RequestState state);  // "prefilling"
const char* causeWord(MissCause cause);     // "differs"
std::string requestsDocument(const RequestList& requests);      // without the texts of prompts
std::string requestDocument(const RequestStatus& request);      // with them
std::string cancelledDocument(std::uint64_t number);

}  // namespace larder
