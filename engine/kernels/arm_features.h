// What a 64-bit Arm CPU has beyond baseline ARMv8-A, as the operating system says. Private to kernels; any thread.
#pragma once

namespace larder::kernels {

struct ArmFeatures {
    bool dotProduct = false;  // sdot, udot
    bool int8Matrix = false;  // i8mm: usdot, smmla
};
ArmFeatures readArmFeatures();

}  // namespace larder::kernels
