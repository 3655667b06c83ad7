// Q4_0: blocks of 32, f16 scale d, 4-bit codes: w = d (u - 8).
#pragma once

#include "engine/kernels/formats/nibbles.h"

namespace larder::kernels {
namespace {

struct Q4_0 : NibbleBlocks<false> {
    static constexpr WeightFormat kFormat = WeightFormat::Q4_0;
    static constexpr int kZeroPoint = 8;
};

}  // namespace
}  // namespace larder::kernels
