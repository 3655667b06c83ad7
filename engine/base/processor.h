// What the processor is called. Any thread.
#pragma once

#include <string>

namespace larder::base {

// "AMD EPYC 7B13", as the system has it; empty where it does not say.
std::string processorName();

}  // namespace larder::base
