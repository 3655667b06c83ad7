// Q4_1: blocks of 32, f16 scale d and minimum m, 4-bit codes: w = d u + m.
#pragma once

#include "engine/kernels/formats/nibbles.h"

namespace larder::kernels {
namespace {

struct Q4_1 : NibbleBlocks<true> {
    static constexpr WeightFormat kFormat = WeightFormat::Q4_1;
    static constexpr int kZeroPoint = 0;
};

}  // namespace
}  // namespace larder::kernels
