// Which instruction set the arithmetic uses: the best this CPU has, or the one LARDER_ISA names. Any thread.
#pragma once

#include <string>

#include "engine/error.h"

namespace larder {

// "avx2". InvalidArgument naming the supported ones when LARDER_ISA is unknown or not supported here (exit code 2).
Expected<std::string> chosenIsa();

}  // namespace larder
