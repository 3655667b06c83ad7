// Weight formats as kernels see them, and packing: a tensor's rows, as they lie in a GGUF file, are rearranged once at
// load into panels of 16 output rows, so that SIMD lane = output row. Every integer code and every scale is kept.
//
// Layout of a packed tensor of R rows and K columns: panels in row order, ceil(R / 16) of them, missing rows zero.
// Quantised formats, K a multiple of 32: a panel is its groups of 32 columns in order, stored in pairs
//   codes(g), codes(g+1), scales(g), scales(g+1) [, minima(g), minima(g+1)]
// (a last odd group stands alone as codes, scales [, minima], each padded to a multiple of 64 bytes), so panels stay
// 64-byte aligned. scales, minima: 16 x f16, lane = row.
//   4-bit codes, 256 B: register j in [0,4) of 64 B holds for row r in bytes 4r..4r+3: low nibbles k = 4j..4j+3, high
//   nibbles k = 16+4j..16+4j+3. Unsigned code u in [0,15]. Q4_0: w = d (u - 8). Q4_1: w = d u + m.
//   8-bit codes, 512 B: register j in [0,8): row r in bytes 4r..4r+3: k = 4j..4j+3, stored as w + 128 (unsigned).
// F32, F16, BF16: for each column k, 16 values, lane = row: 64, 32 or 32 bytes a column; panels padded to 64 bytes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace larder::kernels {

enum class WeightFormat : std::uint8_t { F32, F16, BF16, Q4_0, Q4_1, Q8_0 };
inline constexpr int kWeightFormatCount = 6;
inline constexpr int kPanelRows = 16;
inline constexpr int kGroup = 32;  // columns that share a scale

// Whether activations are quantised to int8 before the product (else they stay f32).
bool usesInt8Activations(WeightFormat format);

// Bytes of one row as it lies in a GGUF file.
std::size_t sourceRowBytes(WeightFormat format, int columns);

// Bytes of one packed panel (a multiple of 64).
std::size_t packedPanelBytes(WeightFormat format, int columns);

// Packs the panels [firstPanel, lastPanel) of a tensor of `rows` rows. source: all rows; packed: the whole destination.
void packPanels(WeightFormat format, const std::byte* source, int rows, int columns, int firstPanel, int lastPanel,
                std::byte* packed);

// Row `row` of a packed tensor as f32 (embedding lookup). out: [columns]. w = d * float(code) (Q4_1: fma(d, u, m)).
void unpackRow(WeightFormat format, const std::byte* packed, int columns, int row, float* out);

}  // namespace larder::kernels
