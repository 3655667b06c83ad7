#include <cassert>
#include <cmath>
#include <cstring>

#include "engine/kernels/half.h"
#include "engine/kernels/panel_layout.h"
#include "engine/kernels/weight_format.h"

namespace larder::kernels {
namespace {

// A format's blocks of 32 columns as GGUF stores them, and their packed codes. blockBytes 0: not quantised.
struct FormatTraits {
    int blockBytes;
    int codeOffset;  // of the codes inside a block; the scale is at 0, the minimum (if any) at 2
    int codeBytes;   // packed, 16 rows
    bool hasMinima;
    int valueBytes;  // of one value, formats that are not quantised
};

FormatTraits traitsOf(WeightFormat format) {
    switch (format) {
        case WeightFormat::F32:
            return {0, 0, 0, false, 4};
        case WeightFormat::F16:
            return {0, 0, 0, false, 2};
        case WeightFormat::BF16:
            return {0, 0, 0, false, 2};
        case WeightFormat::Q4_0:
            return {18, 2, kCodes4Bytes, false, 0};
        case WeightFormat::Q4_1:
            return {20, 4, kCodes4Bytes, true, 0};
        case WeightFormat::Q8_0:
            return {34, 2, kCodes8Bytes, false, 0};
    }
    assert(false);
    return {};
}

// Copies one row's blocks into lane `lane` of a panel. A null row writes zeros.
void packQuantizedLane(const FormatTraits& traits, const std::byte* row, int groups, int lane, std::byte* panel) {
    const auto flip = static_cast<std::byte>(traits.codeBytes == kCodes8Bytes ? 0x80 : 0);
    const int registers = traits.codeBytes / 64;
    for (int g = 0; g < groups; ++g) {
        const GroupPlace place = groupPlace(panel, traits.codeBytes, traits.hasMinima, groups, g);
        const std::byte* block = row == nullptr ? nullptr : row + static_cast<std::size_t>(g) * traits.blockBytes;
        std::byte* codes = panel + (place.codes - panel);
        for (int j = 0; j < registers; ++j) {
            for (int i = 0; i < 4; ++i) {
                codes[64 * j + 4 * lane + i] =
                    block == nullptr ? std::byte{0} : block[traits.codeOffset + 4 * j + i] ^ flip;
            }
        }
        const std::uint16_t scale = block == nullptr ? std::uint16_t{0} : loadU16(block);
        std::memcpy(panel + (place.scales - panel) + 2 * lane, &scale, 2);
        if (traits.hasMinima) {
            const std::uint16_t minimum = block == nullptr ? std::uint16_t{0} : loadU16(block + 2);
            std::memcpy(panel + (place.minima - panel) + 2 * lane, &minimum, 2);
        }
    }
}

void packPlainLane(int valueBytes, const std::byte* row, int columns, int lane, std::byte* panel) {
    for (int k = 0; k < columns; ++k) {
        std::byte* value = panel + static_cast<std::size_t>(kPanelRows * k + lane) * valueBytes;
        if (row == nullptr) {
            std::memset(value, 0, static_cast<std::size_t>(valueBytes));
        } else {
            std::memcpy(value, row + static_cast<std::size_t>(k) * valueBytes, static_cast<std::size_t>(valueBytes));
        }
    }
}

float plainValue(WeightFormat format, const std::byte* value) {
    if (format == WeightFormat::F32) {
        float x;
        std::memcpy(&x, value, sizeof x);
        return x;
    }
    return format == WeightFormat::F16 ? halfToFloat(loadU16(value)) : bfloatToFloat(loadU16(value));
}

void unpackQuantizedGroup(const FormatTraits& traits, const GroupPlace& place, int lane, float* out) {
    const float scale = halfToFloat(loadU16(place.scales + 2 * lane));
    const float minimum = traits.hasMinima ? halfToFloat(loadU16(place.minima + 2 * lane)) : 0.0f;
    for (int k = 0; k < kGroup; ++k) {
        if (traits.codeBytes == kCodes8Bytes) {
            const int code = std::to_integer<int>(place.codes[64 * (k / 4) + 4 * lane + k % 4]) - 128;
            out[k] = scale * static_cast<float>(code);
            continue;
        }
        const int low = k % 16;
        const int both = std::to_integer<int>(place.codes[64 * (low / 4) + 4 * lane + low % 4]);
        const int code = k < 16 ? both & 15 : both >> 4;
        out[k] = traits.hasMinima ? std::fma(scale, static_cast<float>(code), minimum)
                                  : scale * static_cast<float>(code - 8);
    }
}

}  // namespace

bool usesInt8Activations(WeightFormat format) {
    return traitsOf(format).blockBytes != 0;
}

std::size_t sourceRowBytes(WeightFormat format, int columns) {
    const FormatTraits traits = traitsOf(format);
    if (traits.blockBytes == 0) {
        return static_cast<std::size_t>(columns) * traits.valueBytes;
    }
    assert(columns % kGroup == 0);
    return static_cast<std::size_t>(columns / kGroup) * traits.blockBytes;
}

std::size_t packedPanelBytes(WeightFormat format, int columns) {
    const FormatTraits traits = traitsOf(format);
    if (traits.blockBytes == 0) {
        return floatPanelBytes(traits.valueBytes, columns);
    }
    assert(columns % kGroup == 0);
    return int8PanelBytes(traits.codeBytes, traits.hasMinima, columns / kGroup);
}

void packPanels(WeightFormat format, const std::byte* source, int rows, int columns, int firstPanel, int lastPanel,
                std::byte* packed) {
    const FormatTraits traits = traitsOf(format);
    const std::size_t rowBytes = sourceRowBytes(format, columns);
    const std::size_t panelBytes = packedPanelBytes(format, columns);
    for (int p = firstPanel; p < lastPanel; ++p) {
        std::byte* panel = packed + static_cast<std::size_t>(p) * panelBytes;
        const std::size_t tail = panelBytes < 128 ? panelBytes : 128;  // all padding lies here
        std::memset(panel + panelBytes - tail, 0, tail);
        for (int lane = 0; lane < kPanelRows; ++lane) {
            const int r = p * kPanelRows + lane;
            const std::byte* row = r < rows ? source + static_cast<std::size_t>(r) * rowBytes : nullptr;
            if (traits.blockBytes == 0) {
                packPlainLane(traits.valueBytes, row, columns, lane, panel);
            } else {
                packQuantizedLane(traits, row, columns / kGroup, lane, panel);
            }
        }
    }
}

void unpackRow(WeightFormat format, const std::byte* packed, int columns, int row, float* out) {
    const FormatTraits traits = traitsOf(format);
    const std::byte* panel = packed + static_cast<std::size_t>(row / kPanelRows) * packedPanelBytes(format, columns);
    const int lane = row % kPanelRows;
    if (traits.blockBytes != 0) {
        const int groups = columns / kGroup;
        for (int g = 0; g < groups; ++g) {
            unpackQuantizedGroup(traits, groupPlace(panel, traits.codeBytes, traits.hasMinima, groups, g), lane,
                                 out + static_cast<std::ptrdiff_t>(g) * kGroup);
        }
        return;
    }
    for (int k = 0; k < columns; ++k) {
        out[k] = plainValue(format, panel + static_cast<std::size_t>(kPanelRows * k + lane) * traits.valueBytes);
    }
}

}  // namespace larder::kernels
