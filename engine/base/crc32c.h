// CRC32C (Castagnoli, polynomial 0x1EDC6F41 reflected, RFC 3720 appendix B.4), by the CPU's instructions where it has them.
// Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace larder::base {

// Of some bytes, or of further ones: crc32c(b, crc32c(a)) is that of a followed by b.
std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t before = 0);

// The same from tables alone: what a CPU without the instructions runs.
std::uint32_t crc32cFromTables(std::span<const std::byte> bytes, std::uint32_t before = 0);

}  // namespace larder::base
