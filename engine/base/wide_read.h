// Reads memory as fast as this processor's widest loads can: the control that other readers of memory are compared with.
// Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace larder::base {

// Reads every byte once, in rising order, and gives the sum of the 64-bit words (modulo 2^64).
// REQUIRES a start aligned to 64 bytes and a size that is a multiple of 256.
std::uint64_t sumWords(std::span<const std::byte> bytes);

}  // namespace larder::base
