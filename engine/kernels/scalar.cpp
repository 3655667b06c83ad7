// The specification of every kernel: clear and plain. Every other instruction set must give the same bits.
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>

#include "engine/kernels/formats/all.h"
#include "engine/kernels/half.h"
#include "engine/kernels/isa_tables.h"
#include "engine/kernels/kernels.h"
#include "engine/kernels/math.h"

namespace larder::kernels {
namespace {

constexpr int kLanes = 16;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Round to the nearest integer, ties to even, for |x| < 2^22.
float roundToEven(float x) {
    return (x + 0x1.8p23f) - 0x1.8p23f;
}

// The fixed order in which 16 partial sums become one. Destroys lanes.
float sumTree(float* lanes) {
    for (int distance = kLanes / 2; distance >= 1; distance /= 2) {
        for (int i = 0; i < distance; ++i) {
            lanes[i] += lanes[i + distance];
        }
    }
    return lanes[0];
}

// ---- matrix product ------------------------------------------------------------------------------------------------

void writeLane(const MatmulArgs& args, int token, int row, float acc) {
    const std::ptrdiff_t at = token * args.yStride + row;
    args.y[at] = args.residual != nullptr ? args.residual[at] + acc : acc;
}

// One step of a group for one row and token: the exact dot product of its columns, scaled, into acc.
template <class Format>
float addStep(const typename Format::Place& place, int lane, int step, const TokenGroups& x, std::ptrdiff_t at,
              float acc) {
    constexpr int kColumns = kGroup / Format::kSteps;
    std::int32_t idot = 0;
    for (int k = step * kColumns; k < (step + 1) * kColumns; ++k) {
        idot += (Format::code(place, lane, k) - Format::kZeroPoint) * x.codes[at * kGroup + k];
    }
    const float p = Format::scale(place, lane, step) * x.scales[at];
    return std::fma(static_cast<float>(idot), p, acc);
}

template <class Format>
void matmulInt8(const MatmulArgs& args, int firstPanel, int lastPanel) {
    const int groups = args.columns / kGroup;
    const std::size_t panelBytes = Format::panelBytes(args.columns);
    for (int row = firstPanel * kPanelRows; row < lastPanel * kPanelRows && row < args.rows; ++row) {
        const std::byte* panel = args.weights + static_cast<std::size_t>(row / kPanelRows) * panelBytes;
        const int lane = row % kPanelRows;
        for (int t = 0; t < args.tokens; ++t) {
            const TokenGroups x = groupsOf(args.quantized, args.columns, t);
            float acc = 0.0f;
            for (int g = 0; g < groups; ++g) {
                const typename Format::Place place = groupPlace<Format>(panel, groups, g);
                const std::ptrdiff_t at = g * x.width;
                for (int step = 0; step < Format::kSteps; ++step) {
                    acc = addStep<Format>(place, lane, step, x, at, acc);
                }
                if (Format::kHasMinima) {
                    acc = std::fma(Format::minimum(place, lane), x.scaledSums[at], acc);
                }
            }
            writeLane(args, t, row, acc);
        }
    }
}

template <class Format>
void matmulFloat(const MatmulArgs& args, int firstPanel, int lastPanel) {
    const std::size_t panelBytes = Format::panelBytes(args.columns);
    for (int row = firstPanel * kPanelRows; row < lastPanel * kPanelRows && row < args.rows; ++row) {
        const std::byte* lane = args.weights + static_cast<std::size_t>(row / kPanelRows) * panelBytes +
                                static_cast<std::size_t>(row % kPanelRows) * Format::kValueBytes;
        for (int t = 0; t < args.tokens; ++t) {
            const float* x = args.x + static_cast<std::ptrdiff_t>(t) * args.columns;
            float acc = 0.0f;
            for (std::ptrdiff_t k = 0; k < args.columns; ++k) {
                acc = std::fma(Format::widen(lane + k * Format::kColumnBytes), x[k], acc);
            }
            writeLane(args, t, row, acc);
        }
    }
}

// ---- rows ----------------------------------------------------------------------------------------------------------

// A NaN among the 32 makes the group's scale NaN and its codes 0, an infinity makes the scale infinite: either reaches
// every output of the row as NaN instead of vanishing.
void quantizeGroup(const float* x, std::int8_t* codes, float& scale, std::int32_t& sum, std::int32_t& firstSum,
                   float& scaledSum) {
    float amax = 0.0f;
    for (int k = 0; k < kGroup; ++k) {
        const float magnitude = std::fabs(x[k]);
        amax = magnitude > amax || magnitude != magnitude ? magnitude : amax;
        if (amax != amax) {
            break;
        }
    }
    if (amax < 0x1p-100f) {
        std::memset(codes, 0, kGroup);
        scale = 0.0f;
        sum = 0;
        firstSum = 0;
        scaledSum = 0.0f;
        return;
    }
    scale = amax / 127.0f;
    const float inverse = 127.0f / amax;
    sum = 0;
    for (int k = 0; k < kGroup; ++k) {
        const float scaled = x[k] * inverse;
        const float rounded = scaled == scaled ? roundToEven(scaled) : 0.0f;
        codes[k] = static_cast<std::int8_t>(rounded);
        sum += codes[k];
        if (k == kGroup / 2 - 1) {
            firstSum = sum;
        }
    }
    scaledSum = scale * static_cast<float>(sum);
}

void quantizeRow(const float* x, int columns, const TokenGroups& to) {
    for (std::ptrdiff_t g = 0; g < columns / kGroup; ++g) {
        const std::ptrdiff_t at = g * to.width;
        quantizeGroup(x + g * kGroup, to.codes + at * kGroup, to.scales[at], to.sums[at], to.firstSums[at],
                      to.scaledSums[at]);
    }
}

void rmsNorm(const float* x, const float* w, int n, float eps, float* y) {
    float lanes[kLanes] = {};
    for (int i = 0; i < n; ++i) {
        lanes[i % kLanes] = std::fma(x[i], x[i], lanes[i % kLanes]);
    }
    const float s = 1.0f / std::sqrt(sumTree(lanes) / static_cast<float>(n) + eps);
    for (int i = 0; i < n; ++i) {
        y[i] = (x[i] * s) * w[i];
    }
}

void rotatePair(float& a, float& b, float c, float s) {
    const float first = std::fma(a, c, -(b * s));
    b = std::fma(a, s, b * c);
    a = first;
}

void ropeInterleaved(float* x, int heads, int headDim, int pairs, const float* cosines, const float* sines) {
    for (int h = 0; h < heads; ++h) {
        float* head = x + static_cast<std::ptrdiff_t>(h) * headDim;
        for (int i = 0; i < pairs; ++i) {
            rotatePair(head[2 * i], head[2 * i + 1], cosines[i], sines[i]);
        }
    }
}

void ropeNeox(float* x, int heads, int headDim, int pairs, const float* cosines, const float* sines) {
    for (int h = 0; h < heads; ++h) {
        float* head = x + static_cast<std::ptrdiff_t>(h) * headDim;
        for (int i = 0; i < pairs; ++i) {
            rotatePair(head[i], head[i + pairs], cosines[i], sines[i]);
        }
    }
}

void siluMul(const float* gate, const float* up, int n, float* y) {
    for (int i = 0; i < n; ++i) {
        float t = -gate[i] * kLog2e;
        t = t < -126.0f ? -126.0f : t;
        t = t > 126.0f ? 126.0f : t;
        y[i] = (gate[i] / (1.0f + exp2Scalar(t))) * up[i];
    }
}

float expAndSum(const float* x, int n, float shift, float scale, float* out) {
    float lanes[kLanes] = {};
    for (int i = 0; i < n; ++i) {
        out[i] = exp2Scalar((x[i] - shift) * scale);
        lanes[i % kLanes] += out[i];
    }
    return sumTree(lanes);
}

// ---- vocabulary ----------------------------------------------------------------------------------------------------

int blockEnd(int n, int block) {
    const int end = (block + 1) * kVocabularyBlock;
    return end < n ? end : n;
}

void blockMaxima(const float* x, int n, float* maxima) {
    for (int b = 0; b < vocabularyBlocks(n); ++b) {
        maxima[b] = -kInfinity;
        for (int i = b * kVocabularyBlock; i < blockEnd(n, b); ++i) {
            maxima[b] = x[i] > maxima[b] ? x[i] : maxima[b];
        }
    }
}

void blockMasses(const VocabularyRow& row, const MassScale& scale, std::uint64_t* masses) {
    for (int b = 0; b < vocabularyBlocks(row.n); ++b) {
        masses[b] = 0;
        if (!(row.maxima[b] >= scale.floor)) {
            continue;
        }
        for (int i = b * kVocabularyBlock; i < blockEnd(row.n, b); ++i) {
            if (row.x[i] >= scale.floor) {
                const float weight = exp2Scalar((row.x[i] - scale.best) * scale.scale);
                masses[b] += static_cast<std::uint64_t>(weight * 0x1p30f);
            }
        }
    }
}

int collectAbove(const VocabularyRow& row, float floor, std::int32_t* tokens, float* values) {
    int count = 0;
    for (int b = 0; b < vocabularyBlocks(row.n); ++b) {
        if (!(row.maxima[b] >= floor)) {
            continue;
        }
        for (int i = b * kVocabularyBlock; i < blockEnd(row.n, b); ++i) {
            if (row.x[i] >= floor) {
                tokens[count] = i;
                values[count++] = row.x[i];
            }
        }
    }
    return count;
}

// ---- attention -----------------------------------------------------------------------------------------------------

struct HalfCache {
    static constexpr std::size_t kBytes = 2;
    static float load(const std::byte* value) { return F16::widen(value); }
    static void store(float x, std::byte* value) {
        const std::uint16_t half = floatToHalf(x);
        std::memcpy(value, &half, sizeof half);
    }
};
struct FloatCache {
    static constexpr std::size_t kBytes = 4;
    static float load(const std::byte* value) { return F32::widen(value); }
    static void store(float x, std::byte* value) { std::memcpy(value, &x, sizeof x); }
};

template <class Cache>
void storeKv(const float* k, const float* v, int headDim, int slot, std::byte* blockK, std::byte* blockV) {
    for (int d = 0; d < headDim; ++d) {
        Cache::store(k[d], blockK + static_cast<std::size_t>(d * kBlockPositions + slot) * Cache::kBytes);
        Cache::store(v[d], blockV + static_cast<std::size_t>(slot * headDim + d) * Cache::kBytes);
    }
}

// The running softmax of one query over one span.
struct QueryState {
    float m = -kInfinity;
    float lanes[kLanes] = {};
    float* o = nullptr;  // [headDim]
};

// Adds the first `visible` (1 to 64) positions of a block.
template <class Cache>
void addBlock(const float* q, int headDim, const std::byte* blockK, const std::byte* blockV, int visible,
              QueryState& state) {
    float scores[kBlockPositions];
    float newMax = state.m;
    for (int j = 0; j < visible; ++j) {
        float s = 0.0f;
        for (int d = 0; d < headDim; ++d) {
            s = std::fma(q[d], Cache::load(blockK + static_cast<std::size_t>(d * kBlockPositions + j) * Cache::kBytes),
                         s);
        }
        scores[j] = s;
        newMax = s > newMax ? s : newMax;
    }
    const float a = state.m == -kInfinity ? 0.0f : exp2Scalar(state.m - newMax);
    for (float& lane : state.lanes) {
        lane *= a;
    }
    for (int d = 0; d < headDim; ++d) {
        state.o[d] *= a;
    }
    for (int j = 0; j < visible; ++j) {
        const float p = exp2Scalar(scores[j] - newMax);
        state.lanes[j % kLanes] += p;
        const std::byte* v = blockV + static_cast<std::size_t>(j * headDim) * Cache::kBytes;
        for (int d = 0; d < headDim; ++d) {
            state.o[d] = std::fma(p, Cache::load(v + static_cast<std::size_t>(d) * Cache::kBytes), state.o[d]);
        }
    }
    state.m = newMax;
}

template <class Cache>
void attentionSpan(const AttentionArgs& args, int span, const AttentionState& out) {
    assert(args.headDim <= kMaxHeadDim);
    for (int query = 0; query < args.rows * args.group; ++query) {
        const int r = query / args.group;
        const float* source =
            args.q + r * args.qRowStride + static_cast<std::ptrdiff_t>(query % args.group) * args.headDim;
        float q[kMaxHeadDim];
        QueryState state;
        state.o = out.o + static_cast<std::ptrdiff_t>(query) * args.headDim;
        for (int d = 0; d < args.headDim; ++d) {
            q[d] = source[d] * args.scale;
            state.o[d] = 0.0f;
        }
        const int visible = args.firstPosition + r + 1;
        for (int first = span * kSpanPositions; first < (span + 1) * kSpanPositions && first < visible;
             first += kBlockPositions) {
            const std::byte* block = args.blocks[first / kBlockPositions];
            const int inBlock = visible - first < kBlockPositions ? visible - first : kBlockPositions;
            addBlock<Cache>(q, args.headDim, block + args.kOffset, block + args.vOffset, inBlock, state);
        }
        out.m[query] = state.m;
        out.l[query] = sumTree(state.lanes);
    }
}

void attentionMerge(const AttentionState& into, const AttentionState& next, int queries, int headDim) {
    for (int query = 0; query < queries; ++query) {
        if (next.m[query] == -kInfinity) {
            continue;
        }
        const float newMax = into.m[query] > next.m[query] ? into.m[query] : next.m[query];
        const float a1 = exp2Scalar(into.m[query] - newMax);
        const float a2 = exp2Scalar(next.m[query] - newMax);
        into.l[query] = std::fma(next.l[query], a2, into.l[query] * a1);
        for (int d = 0; d < headDim; ++d) {
            const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(query) * headDim + d;
            into.o[at] = std::fma(next.o[at], a2, into.o[at] * a1);
        }
        into.m[query] = newMax;
    }
}

void attentionFinish(const AttentionState& state, int rows, int group, int headDim, float* out,
                     std::ptrdiff_t outRowStride) {
    for (int r = 0; r < rows; ++r) {
        for (int i = 0; i < group * headDim; ++i) {
            const int query = r * group + i / headDim;
            out[r * outRowStride + i] = state.o[static_cast<std::ptrdiff_t>(r) * group * headDim + i] / state.l[query];
        }
    }
}

std::uint64_t int8Probe(std::uint64_t rounds) {
    volatile std::int8_t factor = 3;
    const std::int32_t weight = factor;
    std::int32_t sum = 0;
    for (std::uint64_t round = 0; round < rounds; ++round) sum = static_cast<std::int8_t>(sum) * weight + 1;
    factor = static_cast<std::int8_t>(sum);  // the sum is used
    return rounds;
}

constexpr Kernels kRows = {
    .isa = "scalar",
    .quantizeRow = quantizeRow,
    .rmsNorm = rmsNorm,
    .ropeInterleaved = ropeInterleaved,
    .ropeNeox = ropeNeox,
    .siluMul = siluMul,
    .expAndSum = expAndSum,
    .blockMaxima = blockMaxima,
    .blockMasses = blockMasses,
    .collectAbove = collectAbove,
    .storeKv = {storeKv<HalfCache>, storeKv<FloatCache>},
    .attentionSpan = {attentionSpan<HalfCache>, attentionSpan<FloatCache>},
    .attentionMerge = attentionMerge,
    .attentionFinish = attentionFinish,
    .int8Probe = int8Probe,
};

constexpr Kernels makeTable() {
    Kernels table = kRows;
    PlainFormats::forEach([&]<class F>(F) { table.matmul[static_cast<int>(F::kFormat)] = matmulFloat<F>; });
    QuantizedFormats::forEach([&]<class F>(F) { table.matmul[static_cast<int>(F::kFormat)] = matmulInt8<F>; });
    return table;
}

constexpr Kernels kTable = makeTable();

}  // namespace

const Kernels* scalarKernels() {
    return &kTable;
}

}  // namespace larder::kernels
