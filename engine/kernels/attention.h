// Attention over paged KV blocks of 64 positions, causal, grouped heads.
//
// A block's payload for one layer and one KV head: K as [headDim][64 positions], V as [64 positions][headDim], in the
// cache's format; values are rounded to that format when stored and read back from it, the running chunk's included.
// q is scaled once by the caller's factor times log2e (q' = q * scale, f32). For a query at position p and a span of
// 256 positions (spans start at multiples of 256): state m = -inf, 16 partial sums l = 0, o = 0; for each block of 64 in
// the span, ascending: s_j = fma chain over headDim ascending of q'_d * K[d][j] from +0; positions > p are left out;
// m' = max(m, max s_j); a = exp2(m - m') (0 when m = -inf); p_j = exp2(s_j - m') (0 when left out); l_i = l_i * a + sum
// over j = i (mod 16) ascending of p_j, added one after the other; o = o * a, then o_d = fma(p_j, V[j][d], o_d), j
// ascending; m = m'. The span's l = tree +8, +4, +2, +1 of l_i. Spans are merged ascending:
// m' = max(m1, m2), a1 = exp2(m1 - m'), a2 = exp2(m2 - m'), l = fma(l2, a2, l1 * a1), o = fma(o2, a2, o1 * a1).
// At last out = o / l. So neither chunking, batch nor threads can matter.
#pragma once

#include <cstddef>
#include <cstdint>

namespace larder::kernels {

enum class KvFormat : std::uint8_t { F16, F32 };
inline constexpr int kBlockPositions = 64;
inline constexpr int kSpanPositions = 256;
inline constexpr int kMaxHeadDim = 256;

// Writes one position's key and value of one KV head. k, v: [headDim]; blockK: [headDim][64], blockV: [64][headDim] in
// the format; slot: position % 64.
using StoreKvFn = void (*)(const float* k, const float* v, int headDim, int slot, std::byte* blockK, std::byte* blockV);

// State of some queries over one span (or several merged ones).
struct AttentionState {
    float* m = nullptr;  // [queries]
    float* l = nullptr;  // [queries]
    float* o = nullptr;  // [queries, headDim]
};

// Some lines of K or V: each step is the lines at `at` and `at + second`, then at += stride.
struct KvRun {
    const std::byte* at = nullptr;
    std::ptrdiff_t second = 0;
    std::ptrdiff_t stride = 0;
    int steps = 0;
};

// What a thread's tasks will read, in their order. With few queries attention waits for memory, so while it computes it
// asks for what lies `kKvStepsAhead` steps ahead. Belongs to one thread. Changes no result.
struct KvWalk {
    static constexpr int kMostRuns = 16;
    KvRun runs[kMostRuns + 1];  // the last one never in use
    int first = 0;   // runs [first, count) are still to be asked for
    int count = 0;
    int ready = 0;   // steps of those
    int ahead = 0;   // steps asked for whose lines were not read yet
    void (*more)(KvWalk& walk) = nullptr;  // appends as many runs as fit; at the end one that never ends
};
inline constexpr int kKvStepsAhead = 512;  // 64 KB, in the second-level cache: the first waits for too few lines at a time

// Steps of a block's K or V of which the first `filled` positions are wanted; elementBytes: of the cache's format.
constexpr int kvKeyLines(int filled, int elementBytes) { return (filled * elementBytes + 63) / 64; }  // of a dim
constexpr int kvKeySteps(int filled, int headDim, int elementBytes) {
    const int lines = kvKeyLines(filled, elementBytes);
    return headDim * (lines > 2 ? kBlockPositions * elementBytes / 64 : lines) / 2;
}
constexpr int kvValueSteps(int filled, int headDim, int elementBytes) {
    return (filled * headDim * elementBytes + 127) / 128;
}

// The queries of one KV head: `rows` consecutive positions x `group` query heads that share it.
struct AttentionArgs {
    const float* q = nullptr;            // query (row r, head g) at q + r * qRowStride + g * headDim, not scaled
    std::ptrdiff_t qRowStride = 0;
    int rows = 0;
    int group = 0;
    int headDim = 0;                     // <= kMaxHeadDim, a multiple of 8
    int firstPosition = 0;               // of row 0; row r sees positions [0, firstPosition + r]
    float scale = 0;                     // softmax scale times log2e
    const std::byte* const* blocks = nullptr;  // block table of the sequence: base addresses
    std::size_t kOffset = 0;             // of this layer's and head's K inside a block
    std::size_t vOffset = 0;
    KvWalk* walk = nullptr;              // stands at this span, or null
};

// Writes the state of every query (query index r * group + g) over span `span` (positions [256 span, 256 span + 256)),
// as far as each may see. A query that sees nothing of the span gets m = -inf, l = 0, o = 0.
using AttentionSpanFn = void (*)(const AttentionArgs& args, int span, const AttentionState& out);

// into = into merged with next (into: lower positions). next with m = -inf leaves it as it is.
using AttentionMergeFn = void (*)(const AttentionState& into, const AttentionState& next, int queries, int headDim);

// out[query] = o / l; query (r, g) at out + r * outRowStride + g * headDim.
using AttentionFinishFn = void (*)(const AttentionState& state, int rows, int group, int headDim, float* out,
                                   std::ptrdiff_t outRowStride);

}  // namespace larder::kernels
