// Activations as int8 in groups of 32 columns.
// Per group: amax = max |x|; if amax < 2^-100 all zero; d = amax / 127; q = rne(x * (127 / amax)) (127/amax rounded to
// f32 first); isum = sum q; msum = d * float(isum). No quantisation across tokens: a row depends on itself only.
//
// Tokens lie in blocks of 16, a last block of what is left, each block group after group: all that a tile of tokens needs
// for a group lies side by side, and a tile walks through memory in one direction. One token is simply its groups.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/kernels/weight_format.h"

namespace larder::kernels {

inline constexpr int kTokenBlock = 16;

// One matrix of quantised rows. In each array a group of one token is one element (32 codes), at the place that
// groupsOf() says.
struct QuantizedRows {
    int tokens = 0;
    std::int8_t* codes = nullptr;        // [tokens * columns]       q
    float* scales = nullptr;             // [tokens * columns / 32]  d
    std::int32_t* sums = nullptr;        // [tokens * columns / 32]  isum
    std::int32_t* firstSums = nullptr;   // [tokens * columns / 32]  sum of the first 16 q, for formats with two scales
    float* scaledSums = nullptr;         // [tokens * columns / 32]  msum
};

// The groups of a token: element g * width of each array is its group g (codes: 32 g width), and the next tokens of its
// block follow each element.
struct TokenGroups {
    std::int8_t* codes;
    float* scales;
    std::int32_t* sums;
    std::int32_t* firstSums;
    float* scaledSums;
    std::ptrdiff_t width;  // tokens of the block
};

static inline TokenGroups groupsOf(const QuantizedRows& rows, int columns, int token) {
    const int first = token / kTokenBlock * kTokenBlock;
    const int width = rows.tokens - first < kTokenBlock ? rows.tokens - first : kTokenBlock;
    const std::ptrdiff_t at = std::ptrdiff_t{first} * (columns / kGroup) + (token - first);
    return {rows.codes + at * kGroup, rows.scales + at, rows.sums + at, rows.firstSums + at, rows.scaledSums + at, width};
}

// The same from group g on.
static inline TokenGroups groupsFrom(const TokenGroups& groups, std::ptrdiff_t g) {
    const std::ptrdiff_t at = g * groups.width;
    return {groups.codes + at * kGroup, groups.scales + at,     groups.sums + at,
            groups.firstSums + at,      groups.scaledSums + at, groups.width};
}

// x: [columns]; columns a multiple of 32; writes the groups `to`, as groupsOf() gives them (moved on for a part of a row).
using QuantizeRowFn = void (*)(const float* x, int columns, const TokenGroups& to);

}  // namespace larder::kernels
