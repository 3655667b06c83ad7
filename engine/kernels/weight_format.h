// Weight formats as kernels see them, and packing: a tensor's rows, as they lie in a GGUF file, are rearranged once at
// load into panels of 16 output rows, so that SIMD lane = output row. Every integer code and every scale is kept.
//
// A packed tensor of R rows and K columns: panels in row order, ceil(R / 16) of them, missing rows zero. What a panel
// holds is said by each format's header under formats/. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace larder::kernels {

enum class WeightFormat : std::uint8_t { F32, F16, BF16, Q4_0, Q4_1, Q8_0, Q6_K };
inline constexpr int kWeightFormatCount = 7;
inline constexpr int kPanelRows = 16;
inline constexpr int kGroup = 32;  // columns that activations are quantised by

// Whether activations are quantised to int8 before the product (else they stay f32).
bool usesInt8Activations(WeightFormat format);

// Columns that are stored together: a row has a multiple of this. 1 for plain values.
int blockColumns(WeightFormat format);

// Bytes of one row as it lies in a GGUF file. REQUIRES columns a multiple of blockColumns, here and below.
std::size_t sourceRowBytes(WeightFormat format, int columns);

// Bytes of one packed panel (a multiple of 64).
std::size_t packedPanelBytes(WeightFormat format, int columns);

// Packs the panels [firstPanel, lastPanel) of a tensor of `rows` rows. source: all rows; packed: the whole destination.
void packPanels(WeightFormat format, const std::byte* source, int rows, int columns, int firstPanel, int lastPanel,
                std::byte* packed);

// Row `row` of a packed tensor as f32 (embedding lookup). out: [columns]. w = scale * float(code - zero point), or
// fma(scale, float(code), minimum).
void unpackRow(WeightFormat format, const std::byte* packed, int columns, int row, float* out);

}  // namespace larder::kernels
