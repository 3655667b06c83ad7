#include "engine/model/ops_arena.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace larder::model {
namespace {

constexpr std::size_t kArenaBytes = 16u << 20;

}  // namespace

void StepArena::restart() {
    if (m_chunks.size() > 1) {
        std::size_t total = 0;
        for (const Chunk& chunk : m_chunks) total += chunk.size;
        m_chunks.clear();
        m_chunks.push_back({std::make_unique_for_overwrite<std::byte[]>(total + kStepAlignment), total});
    }
    m_base = 0;
    m_used = 0;
}

void* StepArena::allocate(std::size_t bytes) {
    bytes = stepAligned(bytes);
    if (m_chunks.empty() || m_used + bytes > m_chunks.back().size) {
        if (!m_chunks.empty()) m_base += m_chunks.back().size;
        const std::size_t size = std::max(kArenaBytes, bytes);
        m_chunks.push_back({std::make_unique_for_overwrite<std::byte[]>(size + kStepAlignment), size});
        m_used = 0;
    }
    auto start = reinterpret_cast<std::uintptr_t>(m_chunks.back().memory.get());
    start = stepAligned(start) + m_used;
    m_used += bytes;
    return reinterpret_cast<void*>(start);
}

void StepArena::rewind(std::size_t mark) {
    // A mark in an earlier chunk is left alone: begin() makes one chunk of all before the next step.
    if (mark >= m_base) m_used = mark - m_base;
}

void Forms::add(const Matrix& consumer) {
    (kernels::usesInt8Activations(consumer.format) ? hasInt8 : hasFloat) = true;
}

std::size_t activationBytes(int count, int columns, const Forms& forms) {
    const auto values = static_cast<std::size_t>(count) * static_cast<std::size_t>(columns);
    const std::size_t groups = values / kernels::kGroup;
    std::size_t bytes = 0;
    if (forms.hasFloat) bytes += stepAligned(values * sizeof(float));
    if (forms.hasInt8) bytes += stepAligned(values) + 4 * stepAligned(groups * sizeof(float));
    return bytes;
}

// In activationBytes() of memory.
Activation activationAt(void* memory, int count, int columns, const Forms& forms) {
    const auto values = static_cast<std::size_t>(count) * static_cast<std::size_t>(columns);
    const std::size_t groups = values / kernels::kGroup;
    auto* at = static_cast<std::byte*>(memory);
    const auto take = [&at](std::size_t bytes) { return std::exchange(at, at + stepAligned(bytes)); };
    Activation result;
    result.count = count;
    result.columns = columns;
    result.hasFloat = forms.hasFloat;
    result.hasInt8 = forms.hasInt8;
    if (forms.hasFloat) result.rows = {reinterpret_cast<float*>(take(values * sizeof(float))), count, columns};
    if (forms.hasInt8) {
        result.quantized.tokens = count;
        result.quantized.codes = reinterpret_cast<std::int8_t*>(take(values));
        result.quantized.scales = reinterpret_cast<float*>(take(groups * sizeof(float)));
        result.quantized.sums = reinterpret_cast<std::int32_t*>(take(groups * sizeof(std::int32_t)));
        result.quantized.firstSums = reinterpret_cast<std::int32_t*>(take(groups * sizeof(std::int32_t)));
        result.quantized.scaledSums = reinterpret_cast<float*>(take(groups * sizeof(float)));
    }
    return result;
}

}  // namespace larder::model
