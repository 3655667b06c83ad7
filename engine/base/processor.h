// What the processor is called, and how much it caches. Any thread.
#pragma once

#include <cstddef>
#include <string>

namespace larder::base {

// "AMD EPYC 7B13", as the system has it; empty where it does not say.
std::string processorName();

// The cache that all cores of a part share; 0 where the system does not say. On a rented machine it is the host's: others
// use it too.
std::size_t lastLevelCacheBytes();

}  // namespace larder::base
