// Blocks as the user sees them: prefixes, each from the first token to where nothing longer is known, with the states that
// stand in it. Pure functions of a catalog; its owner holds the lock.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/cache.h"
#include "engine/error.h"
#include "engine/kv/cold_catalog.h"

namespace larder::kv {

CacheListing listCold(const ColdCatalog& catalog);
std::string nameOfColdModel(const ColdModel& model);

// The end that an id, or its beginning, names. NotFound; InvalidArgument: several begin like this.
Expected<ColdEntryId> findColdEnd(const ColdCatalog& catalog, const std::string& id);

// A prefix from its first block to this end.
struct ColdPath {
    std::vector<ColdEntryId> blocks;   // full ones, the last may be a tail; in order
    std::vector<ColdEntryId> states;   // as far as prints tell they are of these tokens
};
ColdPath pathTo(const ColdCatalog& catalog, ColdEntryId end);

}  // namespace larder::kv
