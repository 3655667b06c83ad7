#include "engine/isa.h"

#include <cstdlib>

#include "engine/kernels/kernels.h"

namespace larder {

Expected<std::string> chosenIsa() {
    const char* set = std::getenv("LARDER_ISA");
    const std::string forced = set == nullptr ? "" : set;
    if (const kernels::Kernels* kernels = kernels::selectKernels(forced)) return std::string(kernels->isa);
    return Error{ErrorCode::InvalidArgument, "LARDER_ISA is \"" + forced + "\", which this machine does not support: " +
                                                 "unset it or choose one of " + kernels::supportedIsas()};
}

}  // namespace larder
