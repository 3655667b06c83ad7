#include "engine/kernels/arm_features.h"

#if defined(__linux__)
#include <sys/auxv.h>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif

namespace larder::kernels {

#if defined(__linux__)

// Bits of the kernel's interface, which older headers do not name.
ArmFeatures readArmFeatures() {
    constexpr unsigned long kDotProduct = 1ul << 20;  // HWCAP_ASIMDDP
    constexpr unsigned long kInt8Matrix = 1ul << 13;  // HWCAP2_I8MM
    return {(getauxval(AT_HWCAP) & kDotProduct) != 0, (getauxval(AT_HWCAP2) & kInt8Matrix) != 0};
}

#elif defined(__APPLE__)

// Written after Apple's documentation; no build of ours has run there yet.
ArmFeatures readArmFeatures() {
    const auto has = [](const char* name) {
        int value = 0;
        std::size_t size = sizeof value;
        return sysctlbyname(name, &value, &size, nullptr, 0) == 0 && value != 0;
    };
    return {has("hw.optional.arm.FEAT_DotProd"), has("hw.optional.arm.FEAT_I8MM")};
}

#else

// Elsewhere: what the compiler was told that every machine has.
ArmFeatures readArmFeatures() {
    ArmFeatures features;
#if defined(__ARM_FEATURE_DOTPROD)
    features.dotProduct = true;
#endif
#if defined(__ARM_FEATURE_MATMUL_INT8)
    features.int8Matrix = true;
#endif
    return features;
}

#endif

}  // namespace larder::kernels
