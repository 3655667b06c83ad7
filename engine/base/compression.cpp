#include "engine/base/compression.h"

#include <zstd.h>

#include <new>
#include <string>
#include <vector>

#include "engine/base/byte_planes.h"

namespace larder::base {
namespace {

struct FreeContexts {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

template <class T>
T* needed(T* context) {
    if (context == nullptr) throw std::bad_alloc();
    return context;
}

Error frameError(const std::string& what) { return {ErrorCode::Corrupt, "a compressed block is broken: " + what}; }

}  // namespace

// planes: a whole block as planes, before compressing or after decompressing. They only grow.
struct PlaneCompressor::Inner {
    std::unique_ptr<ZSTD_CCtx, FreeContexts> compressing;
    std::unique_ptr<ZSTD_DCtx, FreeContexts> decompressing;
    std::vector<std::byte> planes;
    std::vector<std::byte> frame;

    std::span<std::byte> planesOf(std::size_t bytes) {
        if (planes.size() < bytes) planes.resize(bytes);
        return std::span(planes).first(bytes);
    }
};

PlaneCompressor::PlaneCompressor() : m_inner(std::make_unique<Inner>()) {}
PlaneCompressor::~PlaneCompressor() = default;

std::span<const std::byte> PlaneCompressor::compress(std::span<const std::byte> bytes, std::size_t elementBytes, int level) {
    Inner& inner = *m_inner;
    if (!inner.compressing) inner.compressing.reset(needed(ZSTD_createCCtx()));
    if (elementBytes > 1) {
        const std::span<std::byte> planes = inner.planesOf(bytes.size());
        splitPlanes(bytes, elementBytes, planes);
        bytes = planes;
    }
    const std::size_t bound = ZSTD_compressBound(bytes.size());
    if (inner.frame.size() < bound) inner.frame.resize(bound);
    // With that much room only memory can fail.
    const std::size_t size = ZSTD_compressCCtx(inner.compressing.get(), inner.frame.data(), bound, bytes.data(), bytes.size(), level);
    if (ZSTD_isError(size) != 0) throw std::bad_alloc();
    return std::span(inner.frame).first(size);
}

Expected<void> PlaneCompressor::decompress(std::span<const std::byte> frame, std::size_t elementBytes, std::span<std::byte> bytes) {
    Inner& inner = *m_inner;
    if (!inner.decompressing) inner.decompressing.reset(needed(ZSTD_createDCtx()));
    const std::span<std::byte> planes = elementBytes > 1 ? inner.planesOf(bytes.size()) : bytes;
    const std::size_t size =
        ZSTD_decompressDCtx(inner.decompressing.get(), planes.data(), planes.size(), frame.data(), frame.size());
    if (ZSTD_isError(size) != 0) return frameError(ZSTD_getErrorName(size));
    if (size != bytes.size())
        return frameError("it holds " + std::to_string(size) + " bytes instead of " + std::to_string(bytes.size()));
    if (elementBytes > 1) joinPlanes(planes, elementBytes, bytes);
    return {};
}

}  // namespace larder::base
