// Inputs and comparisons that the kernel tests share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "engine/kernels/kernels.h"

namespace larder::kernels::test {

// Every table that can run here except scalar: native ones, and AVX-512 emulated where AVX2 exists.
std::vector<const Kernels*> tablesUnderTest();
std::string tableName(const Kernels* table);
const Kernels* scalarTable();

// "" when both have the same bits, NaN payloads and the sign of zero excluded; else the first difference in words.
std::string firstDifference(std::span<const float> actual, std::span<const float> expected);

// 64-byte aligned bytes, as the engine allocates weights and cache blocks. Filled with 0xff: NaNs in every format.
class AlignedBytes {
public:
    explicit AlignedBytes(std::size_t size);
    std::byte* data() const { return m_bytes.get(); }

private:
    struct Free {
        void operator()(std::byte* bytes) const { ::operator delete[](bytes, std::align_val_t{64}); }
    };
    std::unique_ptr<std::byte[], Free> m_bytes;
};

using Random = std::mt19937;

float uniform(Random& random, float low, float high);
std::vector<float> uniformRow(Random& random, std::size_t count, float low = -1.0f, float high = 1.0f);

// Rows of a tensor as a GGUF file stores them: random codes, moderate scales.
std::vector<std::byte> randomSource(Random& random, WeightFormat format, int rows, int columns);

// At least `columns`, as many as the format stores together.
int fittingColumns(WeightFormat format, int columns);

// Where a quantised block of the file has its f16 scale (and minimum) and its first codes.
std::size_t scaleOffset(WeightFormat format);
std::size_t codeOffset(WeightFormat format);

struct PackedWeights {
    PackedWeights(WeightFormat packedFormat, std::span<const std::byte> source, int rowCount, int columnCount);
    WeightFormat format;
    int rows;
    int columns;
    int panels;
    AlignedBytes bytes;
};

// Activations with their quantised rows (made by the scalar table).
struct Activations {
    Activations(std::vector<float> values, int tokenCount, int columnCount);
    QuantizedRows quantized();

    int tokens;
    int columns;
    std::vector<float> x;            // [tokens, columns]
    std::vector<std::int8_t> codes;  // [tokens, columns]
    std::vector<float> scales;       // [tokens, columns / 32]
    std::vector<std::int32_t> sums;  // [tokens, columns / 32]
    std::vector<std::int32_t> firstSums;  // [tokens, columns / 32]
    std::vector<float> scaledSums;   // [tokens, columns / 32]
};

inline constexpr WeightFormat kAllFormats[] = {WeightFormat::F32,  WeightFormat::F16,  WeightFormat::BF16,
                                               WeightFormat::Q4_0, WeightFormat::Q4_1, WeightFormat::Q8_0,
                                               WeightFormat::Q6_K};
inline constexpr WeightFormat kQuantizedFormats[] = {WeightFormat::Q4_0, WeightFormat::Q4_1, WeightFormat::Q8_0,
                                                     WeightFormat::Q6_K};
const char* formatName(WeightFormat format);

}  // namespace larder::kernels::test
