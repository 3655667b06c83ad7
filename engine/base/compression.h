// zstd over byte planes: the first bytes of all elements, then the second ones, and so on, so that exponents stand together
// (floating-point numbers compress hardly at all otherwise). The frame is plain zstd. Any thread; scratch is the caller's.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "engine/error.h"

namespace larder::base {

// Keeps zstd's contexts and buffers between calls. One thread at a time.
class PlaneCompressor {
public:
    PlaneCompressor();
    ~PlaneCompressor();
    PlaneCompressor(const PlaneCompressor&) = delete;
    PlaneCompressor& operator=(const PlaneCompressor&) = delete;

    // elementBytes: 1, 2 or 4; a rest shorter than an element follows the planes as it is. level: 1 to 19, or negative (faster).
    // The result is valid until the next call.
    std::span<const std::byte> compress(std::span<const std::byte> bytes, std::size_t elementBytes, int level);

    // Fills bytes exactly; Corrupt when the frame is broken or holds another number of bytes. bytes are unspecified then.
    Expected<void> decompress(std::span<const std::byte> frame, std::size_t elementBytes, std::span<std::byte> bytes);

private:
    struct Inner;
    std::unique_ptr<Inner> m_inner;
};

}  // namespace larder::base
