// Measures how fast an instruction set's int8 products issue: the ceiling that matmul figures are compared with.
#pragma once

#include <cstdint>

namespace larder::kernels {

// Runs `rounds` rounds of independent int8 dot-product instructions on registers and returns how many multiply-adds
// those were. The caller takes the time.
using Int8ProbeFn = std::uint64_t (*)(std::uint64_t rounds);

}  // namespace larder::kernels
