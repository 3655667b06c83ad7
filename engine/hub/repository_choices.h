// From the files of a repository to what a user can choose to download. Any thread; asks nobody.
#pragma once

#include <string>
#include <vector>

#include "engine/hub.h"
#include "engine/hub/repository_listing.h"
#include "engine/machine.h"

namespace larder::hub {

// Best for this machine first: what runs and fits, by quality for its size; then what runs but hardly fits; then what
// this version cannot run yet, the usual one first. So the first is the one to recommend.
std::vector<DownloadChoice> makeChoices(const RepositoryListing& listing, const Machine& machine);

}  // namespace larder::hub
