// The two tiers of the prompt cache as parts of a bar, in the same words and colours wherever they are shown. Pure functions.
#pragma once

#include <vector>

#include "engine/cache.h"
#include "engine/status.h"
#include "ui/widgets/stacked_meter.h"

namespace larder::ui {

std::vector<StackedMeter::Part> hotTierParts(const HotTierStatus& tier);    // in use, kept
std::vector<StackedMeter::Part> coldTierParts(const ColdTierStatus& tier);  // pinned (where anything is), kept beside it
QString coldTierLimit(const ColdTierStatus& tier);                          // "of 20 GB", "12 GB of 20 GB" where the parts are several

}  // namespace larder::ui
