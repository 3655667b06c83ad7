#include <cassert>
#include <cmath>
#include <cstring>

#include "engine/kernels/formats/all.h"
#include "engine/kernels/weight_format.h"

namespace larder::kernels {
namespace {

// What common code needs of a format, by its number.
struct Codec {
    bool quantized;
    int blockColumns;
    int blockBytes;
    std::size_t (*panelBytes)(int columns);
    void (*packLane)(const std::byte* row, int columns, int lane, std::byte* panel);
    void (*unpackLane)(const std::byte* panel, int columns, int lane, float* out);
};

template <class Format>
void unpackPlainLane(const std::byte* panel, int columns, int lane, float* out) {
    const std::byte* value = panel + lane * Format::kValueBytes;
    for (int k = 0; k < columns; ++k, value += Format::kColumnBytes) {
        out[k] = Format::widen(value);
    }
}

template <class Format>
void unpackQuantizedLane(const std::byte* panel, int columns, int lane, float* out) {
    const int groups = columns / kGroup;
    for (int g = 0; g < groups; ++g) {
        const typename Format::Place place = groupPlace<Format>(panel, groups, g);
        for (int k = 0; k < kGroup; ++k) {
            const float scale = Format::scale(place, lane, k * Format::kSteps / kGroup);
            const auto code = static_cast<float>(Format::code(place, lane, k) - Format::kZeroPoint);
            out[g * kGroup + k] =
                Format::kHasMinima ? std::fma(scale, code, Format::minimum(place, lane)) : scale * code;
        }
    }
}

const Codec& codecOf(WeightFormat format) {
    static const auto table = [] {
        struct Table {
            Codec codecs[kWeightFormatCount];
        } made = {};
        PlainFormats::forEach([&]<class F>(F) {
            made.codecs[static_cast<int>(F::kFormat)] = {
                false, 1, F::kValueBytes, F::panelBytes, F::packLane, unpackPlainLane<F>};
        });
        QuantizedFormats::forEach([&]<class F>(F) {
            made.codecs[static_cast<int>(F::kFormat)] = {
                true, F::kBlockColumns, F::kBlockBytes, F::panelBytes, F::packLane, unpackQuantizedLane<F>};
        });
        return made;
    }();
    return table.codecs[static_cast<int>(format)];
}

}  // namespace

bool usesInt8Activations(WeightFormat format) {
    return codecOf(format).quantized;
}

int blockColumns(WeightFormat format) {
    return codecOf(format).blockColumns;
}

std::size_t sourceRowBytes(WeightFormat format, int columns) {
    const Codec& codec = codecOf(format);
    assert(columns % codec.blockColumns == 0);
    return static_cast<std::size_t>(columns / codec.blockColumns) * static_cast<std::size_t>(codec.blockBytes);
}

std::size_t packedPanelBytes(WeightFormat format, int columns) {
    assert(columns % blockColumns(format) == 0);
    return codecOf(format).panelBytes(columns);
}

void packPanels(WeightFormat format, const std::byte* source, int rows, int columns, int firstPanel, int lastPanel,
                std::byte* packed) {
    const Codec& codec = codecOf(format);
    const std::size_t rowBytes = sourceRowBytes(format, columns);
    const std::size_t panelBytes = packedPanelBytes(format, columns);
    for (int p = firstPanel; p < lastPanel; ++p) {
        std::byte* panel = packed + static_cast<std::size_t>(p) * panelBytes;
        std::memset(panel, 0, panelBytes);  // padding, missing rows, and codes that are put together bit by bit
        for (int lane = 0; lane < kPanelRows && p * kPanelRows + lane < rows; ++lane) {
            codec.packLane(source + static_cast<std::size_t>(p * kPanelRows + lane) * rowBytes, columns, lane, panel);
        }
    }
}

void unpackRow(WeightFormat format, const std::byte* packed, int columns, int row, float* out) {
    const std::byte* panel = packed + static_cast<std::size_t>(row / kPanelRows) * packedPanelBytes(format, columns);
    codecOf(format).unpackLane(panel, columns, row % kPanelRows, out);
}

}  // namespace larder::kernels
