// Numbers as planes of bytes: the first bytes of all elements, then the second ones, and so on; what is left at the end and
// shorter than an element follows as it is. Any thread.
#pragma once

#include <cstddef>
#include <span>

namespace larder::base {

// elementBytes: 1, 2 or 4. Both spans have the same size and do not overlap.
void splitPlanes(std::span<const std::byte> elements, std::size_t elementBytes, std::span<std::byte> planes);
void joinPlanes(std::span<const std::byte> planes, std::size_t elementBytes, std::span<std::byte> elements);

}  // namespace larder::base
