// The instruction sets whose kernels can run here.
#pragma once

#include <string>
#include <vector>

#include "engine/kernels/kernels.h"

namespace larder::support {

inline std::vector<std::string> availableIsas() {
    std::vector<std::string> names;
    for (const char* name : {"scalar", "avx2", "avx2-vnni", "avx512-vnni", "avx512-amx", "neon", "neon-dotprod", "neon-i8mm"})
        if (kernels::selectKernels(name) != nullptr) names.push_back(name);
    return names;
}

}  // namespace larder::support
