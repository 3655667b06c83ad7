// Built with -O3 (CMakeLists.txt): the compiler makes vector code of these loops, and at -O2 GCC 12 does not.
#include "engine/base/byte_planes.h"

#include <algorithm>
#include <cassert>
#include <cstdint>

namespace larder::base {
namespace {

template <std::size_t ElementBytes>
void splitElements(const std::uint8_t* __restrict elements, std::size_t count, std::uint8_t* __restrict planes) {
    for (std::size_t i = 0; i < count; ++i)
        for (std::size_t plane = 0; plane < ElementBytes; ++plane)
            planes[plane * count + i] = elements[i * ElementBytes + plane];
}

template <std::size_t ElementBytes>
void joinElements(const std::uint8_t* __restrict planes, std::size_t count, std::uint8_t* __restrict elements) {
    for (std::size_t i = 0; i < count; ++i)
        for (std::size_t plane = 0; plane < ElementBytes; ++plane)
            elements[i * ElementBytes + plane] = planes[plane * count + i];
}

}  // namespace

void splitPlanes(std::span<const std::byte> elements, std::size_t elementBytes, std::span<std::byte> planes) {
    assert(elements.size() == planes.size() && (elementBytes == 1 || elementBytes == 2 || elementBytes == 4));
    const auto* from = reinterpret_cast<const std::uint8_t*>(elements.data());
    auto* to = reinterpret_cast<std::uint8_t*>(planes.data());
    const std::size_t count = elementBytes == 1 ? 0 : elements.size() / elementBytes;
    if (elementBytes == 2) splitElements<2>(from, count, to);
    if (elementBytes == 4) splitElements<4>(from, count, to);
    std::copy(elements.begin() + static_cast<std::ptrdiff_t>(count * elementBytes), elements.end(),
              planes.begin() + static_cast<std::ptrdiff_t>(count * elementBytes));
}

void joinPlanes(std::span<const std::byte> planes, std::size_t elementBytes, std::span<std::byte> elements) {
    assert(elements.size() == planes.size() && (elementBytes == 1 || elementBytes == 2 || elementBytes == 4));
    const auto* from = reinterpret_cast<const std::uint8_t*>(planes.data());
    auto* to = reinterpret_cast<std::uint8_t*>(elements.data());
    const std::size_t count = elementBytes == 1 ? 0 : elements.size() / elementBytes;
    if (elementBytes == 2) joinElements<2>(from, count, to);
    if (elementBytes == 4) joinElements<4>(from, count, to);
    std::copy(planes.begin() + static_cast<std::ptrdiff_t>(count * elementBytes), planes.end(),
              elements.begin() + static_cast<std::ptrdiff_t>(count * elementBytes));
}

}  // namespace larder::base
