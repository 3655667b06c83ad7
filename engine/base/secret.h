// Random bytes and comparison for keys. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace larder::base {

// bytes random bytes of the system's generator as lower-case hex.
std::string randomHex(std::size_t bytes);

// 64 random bits; for seeds and ids.
std::uint64_t randomBits();

// Equality in a time that depends on the lengths only.
bool equalInConstantTime(std::string_view a, std::string_view b);

}  // namespace larder::base
