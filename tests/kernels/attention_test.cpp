#include "engine/kernels/attention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/kernels/math.h"
#include "tests/kernels/test_inputs.h"

namespace larder::kernels::test {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

struct Shape {
    int headDim;
    int group;
    KvFormat format;
};

std::size_t valueBytes(KvFormat format) {
    return format == KvFormat::F16 ? 2 : 4;
}

// A sequence's K and V of one head in paged blocks (slots past the end hold NaN), with its queries.
class Sequence {
public:
    Sequence(Random& random, Shape shape, int positions, const Kernels* storedBy, float range = 1.0f)
        : m_shape(shape),
          m_positions(positions),
          m_k(uniformRow(random, size(shape.headDim * positions), -range, range)),
          m_v(uniformRow(random, size(shape.headDim * positions), -range, range)),
          m_q(uniformRow(random, size(shape.group * shape.headDim * positions), -range, range)) {
        store(storedBy);
    }

    void store(const Kernels* table) {
        const std::size_t half = size(m_shape.headDim * kBlockPositions) * valueBytes(m_shape.format);
        m_offsetK = 64;
        m_offsetV = 64 + half;
        m_blocks.clear();
        m_table.clear();
        for (int first = 0; first < m_positions; first += kBlockPositions) {
            m_blocks.emplace_back(64 + 2 * half);
            m_table.push_back(m_blocks.back().data());
        }
        for (int p = 0; p < m_positions; ++p) {
            std::byte* block = m_blocks[size(p / kBlockPositions)].data();
            table->storeKv[static_cast<int>(m_shape.format)](k(p), v(p), m_shape.headDim, p % kBlockPositions,
                                                             block + m_offsetK, block + m_offsetV);
        }
    }

    // Outputs [rows, group, headDim] of the rows at [first, first + rows).
    std::vector<float> attend(const Kernels* table, int first, int rows) const {
        AttentionArgs args;
        args.q = m_q.data() + static_cast<std::ptrdiff_t>(first) * m_shape.group * m_shape.headDim;
        args.qRowStride = m_shape.group * m_shape.headDim;
        args.rows = rows;
        args.group = m_shape.group;
        args.headDim = m_shape.headDim;
        args.firstPosition = first;
        args.scale = kLog2e / std::sqrt(static_cast<float>(m_shape.headDim));
        args.blocks = m_table.data();
        args.kOffset = m_offsetK;
        args.vOffset = m_offsetV;
        const int queries = rows * m_shape.group;
        State merged(queries, m_shape.headDim);
        State next(queries, m_shape.headDim);
        const int spans = (first + rows - 1) / kSpanPositions + 1;
        for (int span = 0; span < spans; ++span) {
            const AttentionState to = span == 0 ? merged.view() : next.view();
            table->attentionSpan[static_cast<int>(m_shape.format)](args, span, to);
            if (span > 0) {
                table->attentionMerge(merged.view(), next.view(), queries, m_shape.headDim);
            }
        }
        const int rowSize = m_shape.group * m_shape.headDim;
        std::vector<float> out(size(rows * (rowSize + 5)), 0.0f);
        table->attentionFinish(merged.view(), rows, m_shape.group, m_shape.headDim, out.data(), rowSize + 5);
        std::vector<float> dense;
        for (int r = 0; r < rows; ++r) {
            const auto from = out.begin() + static_cast<std::ptrdiff_t>(r) * (rowSize + 5);
            dense.insert(dense.end(), from, from + rowSize);
        }
        return dense;
    }

    // One query's output by plain softmax in double, from the values as stored.
    std::vector<double> exact(int position, int head) const;

    const float* k(int position) const { return m_k.data() + static_cast<std::ptrdiff_t>(position) * m_shape.headDim; }
    const float* v(int position) const { return m_v.data() + static_cast<std::ptrdiff_t>(position) * m_shape.headDim; }
    float* mutableV(int position) { return m_v.data() + static_cast<std::ptrdiff_t>(position) * m_shape.headDim; }
    const std::vector<AlignedBytes>& blocks() const { return m_blocks; }
    std::size_t blockBytes() const { return 64 + 2 * (m_offsetV - m_offsetK); }

private:
    struct State {
        State(int queries, int headDim)
            : m(size(queries), 99.0f), l(size(queries), 99.0f), o(size(queries * headDim), 99.0f) {}
        AttentionState view() { return {m.data(), l.data(), o.data()}; }
        std::vector<float> m;
        std::vector<float> l;
        std::vector<float> o;
    };
    static std::size_t size(int count) { return static_cast<std::size_t>(count); }

    Shape m_shape;
    int m_positions;
    std::vector<float> m_k;  // [positions, headDim]
    std::vector<float> m_v;
    std::vector<float> m_q;  // [positions, group, headDim]
    std::vector<AlignedBytes> m_blocks;
    std::vector<const std::byte*> m_table;
    std::size_t m_offsetK = 0;
    std::size_t m_offsetV = 0;
};

std::vector<double> Sequence::exact(int position, int head) const {
    const float* q = m_q.data() + (static_cast<std::ptrdiff_t>(position) * m_shape.group + head) * m_shape.headDim;
    std::vector<double> weights;
    double largest = -1e300;
    for (int j = 0; j <= position; ++j) {
        double s = 0;
        for (int d = 0; d < m_shape.headDim; ++d) {
            s += static_cast<double>(q[d]) * static_cast<double>(k(j)[d]);
        }
        weights.push_back(s / std::sqrt(static_cast<double>(m_shape.headDim)));
        largest = std::max(largest, weights.back());
    }
    double sum = 0;
    for (double& weight : weights) {
        weight = std::exp(weight - largest);
        sum += weight;
    }
    std::vector<double> out(size(m_shape.headDim), 0.0);
    for (int j = 0; j <= position; ++j) {
        for (int d = 0; d < m_shape.headDim; ++d) {
            out[size(d)] += weights[size(j)] / sum * static_cast<double>(v(j)[d]);
        }
    }
    return out;
}

std::vector<float> part(const std::vector<float>& whole, int first, int count, int rowSize) {
    const auto from = whole.begin() + static_cast<std::ptrdiff_t>(first) * rowSize;
    return {from, from + static_cast<std::ptrdiff_t>(count) * rowSize};
}

class AttentionTables : public testing::TestWithParam<const Kernels*> {};
INSTANTIATE_TEST_SUITE_P(Attention, AttentionTables, testing::ValuesIn(tablesUnderTest()),
                         [](const auto& instance) { return tableName(instance.param); });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(AttentionTables);

TEST_P(AttentionTables, storeTheCacheLikeScalar) {
    Random random(41);
    for (const KvFormat format : {KvFormat::F16, KvFormat::F32}) {
        for (const int headDim : {8, 24, 64, 256}) {
            Sequence sequence(random, {headDim, 1, format}, 70, scalarTable(), 100000.0f);
            std::vector<std::vector<std::byte>> expected;
            for (const AlignedBytes& block : sequence.blocks()) {
                expected.emplace_back(block.data(), block.data() + sequence.blockBytes());
            }
            sequence.store(GetParam());
            for (std::size_t b = 0; b < expected.size(); ++b) {
                const std::byte* data = sequence.blocks()[b].data();
                EXPECT_TRUE(std::equal(expected[b].begin(), expected[b].end(), data));
            }
        }
    }
}

TEST_P(AttentionTables, attendLikeScalarForEveryShape) {
    Random random(42);
    for (const KvFormat format : {KvFormat::F16, KvFormat::F32}) {
        for (const int headDim : {8, 16, 24, 32, 40, 64, 80, 96, 128, 256}) {
            for (const int group : {1, 2, 3, 4, 5, 6, 7, 8}) {
                const Sequence sequence(random, {headDim, group, format}, 70, scalarTable());
                for (const int first : {0, 61}) {
                    EXPECT_EQ(firstDifference(sequence.attend(GetParam(), first, 9),
                                              sequence.attend(scalarTable(), first, 9)),
                              "")
                        << headDim << " dims, group " << group << ", from " << first;
                }
            }
        }
    }
}

TEST_P(AttentionTables, attendLikeScalarAtBlockAndSpanEdges) {
    Random random(43);
    for (const KvFormat format : {KvFormat::F16, KvFormat::F32}) {
        const Sequence sequence(random, {16, 3, format}, 1003, scalarTable());
        for (const int position : {0, 1, 62, 63, 64, 65, 127, 128, 254, 255, 256, 257, 511, 512, 513, 767, 1000}) {
            for (const int rows : {1, 2, 3}) {
                EXPECT_EQ(firstDifference(sequence.attend(GetParam(), position, rows),
                                          sequence.attend(scalarTable(), position, rows)),
                          "")
                    << position << ", " << rows << " rows";
            }
        }
    }
}

TEST_P(AttentionTables, giveTheSameBitsForEveryChunking) {
    Random random(44);
    for (const KvFormat format : {KvFormat::F16, KvFormat::F32}) {
        const int positions = 330;
        const Sequence sequence(random, {24, 2, format}, positions, scalarTable());
        const std::vector<float> whole = sequence.attend(GetParam(), 0, positions);
        EXPECT_EQ(firstDifference(whole, sequence.attend(scalarTable(), 0, positions)), "");
        for (const int chunk : {1, 7, 64}) {
            for (int first = 0; first < positions; first += chunk) {
                const int rows = std::min(chunk, positions - first);
                ASSERT_EQ(firstDifference(sequence.attend(GetParam(), first, rows), part(whole, first, rows, 48)), "")
                    << "chunks of " << chunk << ", from " << first;
            }
        }
    }
}

TEST_P(AttentionTables, treatHugeScoresAndInvalidValuesLikeScalar) {
    Random random(45);
    for (const float range : {50.0f, 1e10f, 1e20f, kInfinity, std::nanf("")}) {
        for (const KvFormat format : {KvFormat::F16, KvFormat::F32}) {
            const Sequence sequence(random, {16, 3, format}, 150, scalarTable(), range);
            EXPECT_EQ(firstDifference(sequence.attend(GetParam(), 60, 80), sequence.attend(scalarTable(), 60, 80)), "")
                << range;
        }
    }
}

// A later position's infinite value must not reach an earlier query, not even as 0 * infinity.
TEST_P(AttentionTables, neverTouchLaterPositions) {
    Random random(46);
    for (const KvFormat format : {KvFormat::F16, KvFormat::F32}) {
        Sequence sequence(random, {16, 1, format}, 64, scalarTable());
        const std::vector<float> before = sequence.attend(GetParam(), 0, 64);
        for (int p = 40; p < 64; ++p) {
            std::fill_n(sequence.mutableV(p), 16, kInfinity);
        }
        sequence.store(GetParam());
        EXPECT_EQ(firstDifference(part(sequence.attend(GetParam(), 0, 64), 0, 40, 16), part(before, 0, 40, 16)), "");
    }
}

TEST_P(AttentionTables, leaveAnEmptySpanEmpty) {
    Random random(47);
    const Sequence sequence(random, {16, 1, KvFormat::F16}, 64, scalarTable());
    for (const Kernels* table : {scalarTable(), GetParam()}) {
        const std::vector<float> q(16, 1.0f);
        AttentionArgs args;
        args.q = q.data();
        args.rows = 1;
        args.group = 1;
        args.headDim = 16;
        args.firstPosition = 10;
        args.scale = 1.0f;
        float m = 5.0f;
        float l = 5.0f;
        std::vector<float> o(16, 5.0f);
        table->attentionSpan[0](args, 1, {&m, &l, o.data()});
        EXPECT_EQ(m, -kInfinity);
        EXPECT_EQ(l, 0.0f);
        EXPECT_EQ(o, std::vector<float>(16, 0.0f));

        float keptM = 2.0f;
        float keptL = 3.0f;
        std::vector<float> keptO(16, 4.0f);
        table->attentionMerge({&keptM, &keptL, keptO.data()}, {&m, &l, o.data()}, 1, 16);
        EXPECT_EQ(keptM, 2.0f);
        EXPECT_EQ(keptL, 3.0f);
        EXPECT_EQ(keptO, std::vector<float>(16, 4.0f));
    }
}

// Scores carry headDim + 2 roundings of their magnitude (below 1 here, times ln 2 in the power), weights 8e-8 each,
// sums one rounding per position in a block and per span.
TEST(AttentionScalar, isSoftmaxOverEarlierPositions) {
    Random random(48);
    const Sequence sequence(random, {32, 2, KvFormat::F32}, 600, scalarTable());
    for (const int position : {0, 5, 63, 64, 255, 256, 599}) {
        const std::vector<float> actual = sequence.attend(scalarTable(), position, 1);
        for (int head = 0; head < 2; ++head) {
            const std::vector<double> exact = sequence.exact(position, head);
            const double bound = (2.0 * 34 * 6 + 600 + 10) * 0x1p-24 + 2 * 8e-8;
            for (int d = 0; d < 32; ++d) {
                EXPECT_NEAR(static_cast<double>(actual[static_cast<std::size_t>(head * 32 + d)]),
                            exact[static_cast<std::size_t>(d)], bound);
            }
        }
    }
}

}  // namespace
}  // namespace larder::kernels::test
