#include "engine/model/ops.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include "engine/model/attention_plan.h"
#include "engine/model/ops_attention_walk.h"

namespace larder::model {
namespace {

constexpr int kGatedTokens = 256;     // of a slice of gate and up at a time: both stay in the second-level cache
constexpr int kMostGatedPanels = 12;
constexpr int kHeadPanels = 16;       // of the output head at a time
constexpr int kOwnValues = 8192;      // rows * columns up to which every thread takes a norm for itself: so many cost less
                                      // than a stage, and than fetching what another core has just written

int ceilDiv(int a, int b) { return (a + b - 1) / b; }

PanelPlace placeOf(const Matrix& matrix, int panel) {
    const std::size_t bytes = kernels::packedPanelBytes(matrix.format, matrix.columns);
    return {matrix.packed + static_cast<std::size_t>(panel) * bytes, bytes};
}

}  // namespace

Ops::Ops(const kernels::Kernels& kernels, base::ThreadPool& pool)
    : m_kernels(kernels), m_pool(pool), m_plan(std::make_unique<AttentionPlan>()), m_walks(pool.threads()), m_ownInputs(pool.threads()) {}

Ops::~Ops() = default;

void Ops::begin(const Batch& batch, int heads, int kvHeads, int headDim) {
    m_arena.restart();
    m_batch = &batch;
    m_announced.clear();
    m_plan->make(batch, heads, kvHeads, headDim, m_pool.threads());
    m_sequenceOf.clear();
    for (std::size_t index = 0; index < batch.sequences.size(); ++index)
        m_sequenceOf.insert(m_sequenceOf.end(), static_cast<std::size_t>(batch.sequences[index].rows), static_cast<int>(index));
}

Rows Ops::rows(int count, int columns) {
    const auto values = static_cast<std::size_t>(count) * static_cast<std::size_t>(columns);
    return {static_cast<float*>(m_arena.allocate(values * sizeof(float))), count, columns};
}

Activation Ops::activation(int count, int columns, std::initializer_list<const Matrix*> consumers) {
    Forms forms;
    for (const Matrix* matrix : consumers) forms.add(*matrix);
    return activationAt(m_arena.allocate(activationBytes(count, columns, forms)), count, columns, forms);
}

Activation Ops::inPlace(const Rows& rows) {
    Activation result;
    result.rows = rows;
    result.count = rows.count;
    result.columns = rows.columns;
    result.hasFloat = true;
    return result;
}

void Ops::quantize(const float* row, int index, const Activation& out) const {
    m_kernels.quantizeRow(row, out.columns, kernels::groupsOf(out.quantized, out.columns, index));
}

void Ops::quantizeRows(const Rows& from, int first, int last, const Activation& out) const {
    for (int row = first; row < last; ++row) quantize(from.row(row), row, out);
}

void Ops::embed(const Matrix& table, std::span<const TokenId> tokens, const Rows& out) {
    overRows(out.count, [&](int first, int last) {
        for (int row = first; row < last; ++row)
            kernels::unpackRow(table.format, table.packed, table.columns, tokens[static_cast<std::size_t>(row)], out.row(row));
    });
}

void Ops::pickRows(const Rows& from, std::span<const int> indices, const Rows& out) {
    for (int row = 0; row < out.count; ++row)
        std::memcpy(out.row(row), from.row(indices[static_cast<std::size_t>(row)]),
                    sizeof(float) * static_cast<std::size_t>(out.columns));
}

void Ops::addBias(const std::vector<float>& bias, const Rows& rows) {
    overRows(rows.count, [&](int first, int last) {
        for (int row = first; row < last; ++row)
            for (int column = 0; column < rows.columns; ++column) rows.row(row)[column] += bias[static_cast<std::size_t>(column)];
    });
}

// scratch: null, or [columns] for a norm that is wanted in int8 only.
void Ops::normRows(const Normed& x, int first, int last, float* scratch, const Activation& out) const {
    for (int row = first; row < last; ++row) {
        float* y = out.hasFloat ? out.rows.row(row) : scratch;
        m_kernels.rmsNorm(x.x.row(row), x.weight.data(), out.columns, x.eps, y);
        if (out.hasInt8) quantize(y, row, out);
    }
}

void Ops::rmsNorm(const Normed& x, const Activation& out) {
    const Rows scratch = rows(out.hasFloat ? 0 : static_cast<int>(m_pool.threads()), out.columns);
    overRows(out.count, [&](int first, int last, std::size_t thread) {
        normRows(x, first, last, out.hasFloat ? nullptr : scratch.row(static_cast<int>(thread)), out);
    });
}

template <class F>
void Ops::overNormed(const Normed& x, const Forms& forms, int slices, const F& f) {
    const int count = x.x.count;
    const int columns = x.x.columns;
    const std::size_t bytes = activationBytes(count, columns, forms);
    const std::size_t before = mark();
    if (count * columns > kOwnValues) {
        const Activation shared = activationAt(m_arena.allocate(bytes), count, columns, forms);
        rmsNorm(x, shared);
        m_pool.run(static_cast<std::size_t>(slices),
                   [&](std::size_t slice, std::size_t thread) { f(slice, thread, shared); });
    } else {
        const std::uint32_t stage = ++m_stage;
        const std::size_t ownBytes = bytes + stepAligned(sizeof(float) * static_cast<std::size_t>(columns));
        auto* memory = static_cast<std::byte*>(m_arena.allocate(m_pool.threads() * ownBytes));
        m_pool.run(static_cast<std::size_t>(slices), [&](std::size_t slice, std::size_t thread) {
            OwnInput& own = m_ownInputs[thread];
            if (own.stage != stage) {
                own.stage = stage;
                std::byte* mine = memory + thread * ownBytes;
                own.activation = activationAt(mine, count, columns, forms);
                normRows(x, 0, count, reinterpret_cast<float*>(mine + bytes), own.activation);
            }
            f(slice, thread, own.activation);
        });
    }
    rewind(before);
}

// Some panels of a matrix, and what their thread multiplies after them where that is not what follows in memory.
struct Ops::Part {
    const Matrix& weights;
    int firstPanel;
    int lastPanel;
    PanelPlace next;
};

// The outputs of some panels alone, side by side: y [tokens, rows of the panels], for tokens [first, first + tokens). first
// is a multiple of kTokenBlock.
void Ops::multiplyPart(const Activation& x, int first, int tokens, const Part& part, float* y) const {
    const Matrix& weights = part.weights;
    const std::ptrdiff_t at = std::ptrdiff_t{first} * x.columns;
    const std::ptrdiff_t group = at / kernels::kGroup;
    kernels::MatmulArgs args;
    args.weights = placeOf(weights, part.firstPanel).panel;
    args.rows = std::min(part.lastPanel * kernels::kPanelRows, weights.rows) - part.firstPanel * kernels::kPanelRows;
    args.columns = weights.columns;
    args.tokens = tokens;
    const kernels::QuantizedRows& q = x.quantized;
    if (x.hasInt8)
        args.quantized = {tokens,         q.codes + at,          q.scales + group,
                          q.sums + group, q.firstSums + group, q.scaledSums + group};
    if (x.hasFloat) args.x = x.rows.values + at;
    args.y = y;
    args.yStride = args.rows;
    args.next = part.next.panel;
    args.nextPanelBytes = part.next.panelBytes;
    m_kernels.matmul[static_cast<int>(weights.format)](args, 0, part.lastPanel - part.firstPanel);
}

// Panels cut into slices of an even number, since tiles are two panels wide: so many that the threads get equal shares if
// that can be.
struct Ops::PanelSlices {
    int panels;
    int each;

    int count() const { return ceilDiv(panels, each); }
    int first(std::size_t slice) const { return static_cast<int>(slice) * each; }
    int last(std::size_t slice) const { return std::min(first(slice) + each, panels); }
};

Ops::PanelSlices Ops::slicesOf(int panels, int mostPanels) const {
    const int threads = static_cast<int>(m_pool.threads());
    const int wanted = threads > 1 ? threads * 2 * kSlicesPerThread : 1;
    PanelSlices slices = {panels, std::min(ceilDiv(ceilDiv(panels, wanted), 2) * 2, mostPanels)};
    for (PanelSlices equal = slices; equal.each > 0; equal.each -= 2)
        if (equal.count() % threads == 0) return equal;
    return slices;
}

void Ops::announce(std::initializer_list<const Matrix*> matrices) {
    int panels = 0;
    for (const Matrix* matrix : matrices) panels += matrix->panels();
    const PanelSlices slices = slicesOf(panels, panels);
    m_announced.clear();
    for (std::size_t thread = 0; thread < m_pool.threads(); ++thread) {
        int first = slices.first(static_cast<std::size_t>(slices.count()) * thread / m_pool.threads());
        for (const Matrix* matrix : matrices) {
            if (first >= 0 && first < matrix->panels()) m_announced.push_back(placeOf(*matrix, first));
            first -= matrix->panels();
        }
    }
}

// Where the thread that ends its range of a stage with this slice goes on; null for other slices.
PanelPlace Ops::afterSlice(const PanelSlices& slices, std::size_t slice) const {
    const auto count = static_cast<std::size_t>(slices.count());
    for (std::size_t thread = 0; thread < m_announced.size(); ++thread)
        if (slice + 1 == count * (thread + 1) / m_announced.size()) return m_announced[thread];
    return {};
}

struct Ops::ProductSlice {
    int firstPanel;  // counted through all products
    int lastPanel;
    PanelPlace next;
};

void Ops::multiplySlice(const Activation& x, std::span<const Product> products, const ProductSlice& slice) const {
    kernels::MatmulArgs args;
    args.columns = x.columns;
    args.tokens = x.count;
    args.quantized = x.quantized;
    args.x = x.rows.values;
    args.next = slice.next.panel;
    args.nextPanelBytes = slice.next.panelBytes;
    int first = slice.firstPanel;
    int last = slice.lastPanel;
    for (const Product& product : products) {
        const Matrix& weights = *product.weights;
        const int panels = weights.panels();
        args.weights = weights.packed;
        args.rows = weights.rows;
        args.residual = product.residual;
        args.y = product.y;
        args.yStride = weights.rows;
        if (first < panels && last > 0)
            m_kernels.matmul[static_cast<int>(weights.format)](args, std::max(first, 0), std::min(last, panels));
        first -= panels;
        last -= panels;
    }
}

void Ops::linear(const Activation& x, std::initializer_list<Product> products) {
    if (x.count <= 0) return;
    int panels = 0;
    for (const Product& product : products) panels += product.weights->panels();
    const PanelSlices slices = slicesOf(panels, panels);
    m_pool.run(static_cast<std::size_t>(slices.count()), [&](std::size_t slice) {
        multiplySlice(x, products, {slices.first(slice), slices.last(slice), afterSlice(slices, slice)});
    });
}

void Ops::linear(const Normed& x, std::initializer_list<Product> products) {
    if (x.x.count <= 0) return;
    int panels = 0;
    Forms forms;
    for (const Product& product : products) {
        panels += product.weights->panels();
        forms.add(*product.weights);
    }
    const PanelSlices slices = slicesOf(panels, panels);
    overNormed(x, forms, slices.count(), [&](std::size_t slice, std::size_t, const Activation& normed) {
        multiplySlice(normed, products, {slices.first(slice), slices.last(slice), afterSlice(slices, slice)});
    });
}

// Panels [firstPanel, lastPanel) of both matrices, for all tokens.
struct Ops::GatedSlice {
    const Matrix& gate;
    const Matrix& up;
    int firstPanel;
    int lastPanel;
    float* scratch;   // [2, kGatedTokens, columns of the slice]
    PanelPlace next;  // after the slice, or null
};

void Ops::gatedSilu(const Normed& x, const Matrix& gate, const Matrix& up, const Activation& out) {
    assert(gate.rows == up.rows && gate.columns == up.columns);
    const int count = x.x.count;
    if (count <= 0) return;
    // An even number of panels is whole groups of 32 columns, which are quantised together. And few enough for the cache.
    const PanelSlices slices = slicesOf(gate.panels(), kMostGatedPanels);
    const int scratchRows = 2 * std::min(count, kGatedTokens);
    const Rows scratch = rows(static_cast<int>(m_pool.threads()) * scratchRows, slices.each * kernels::kPanelRows);
    Forms forms;
    forms.add(gate);
    forms.add(up);
    overNormed(x, forms, slices.count(), [&](std::size_t slice, std::size_t thread, const Activation& normed) {
        float* own = scratch.row(static_cast<int>(thread) * scratchRows);
        gatedSlice(normed, {gate, up, slices.first(slice), slices.last(slice), own, afterSlice(slices, slice)}, out);
    });
}

void Ops::gatedSlice(const Activation& x, const GatedSlice& slice, const Activation& out) const {
    const int firstColumn = slice.firstPanel * kernels::kPanelRows;
    const int columns = std::min(slice.lastPanel * kernels::kPanelRows, slice.gate.rows) - firstColumn;
    const PanelPlace next = slice.next.panel != nullptr ? slice.next : placeOf(slice.gate, slice.lastPanel);
    for (int first = 0; first < x.count; first += kGatedTokens) {
        const int tokens = std::min(kGatedTokens, x.count - first);
        float* gate = slice.scratch;
        float* up = gate + static_cast<std::ptrdiff_t>(tokens) * columns;
        const PanelPlace upPlace = placeOf(slice.up, slice.firstPanel);
        multiplyPart(x, first, tokens, {slice.gate, slice.firstPanel, slice.lastPanel, upPlace}, gate);
        multiplyPart(x, first, tokens, {slice.up, slice.firstPanel, slice.lastPanel, next}, up);
        for (int token = 0; token < tokens; ++token, gate += columns, up += columns) {
            float* y = out.hasFloat ? out.rows.row(first + token) + firstColumn : gate;
            m_kernels.siluMul(gate, up, columns, y);
            if (out.hasInt8)
                m_kernels.quantizeRow(y, columns, kernels::groupsFrom(kernels::groupsOf(out.quantized, out.columns, first + token),
                                                                      firstColumn / kernels::kGroup));
        }
    }
}

// In panels, whose constant length lets the compiler use vectors.
void addRows(const float* a, const float* b, int columns, float* __restrict out) {
    int column = 0;
    for (; column + kernels::kPanelRows <= columns; column += kernels::kPanelRows)
        for (int lane = 0; lane < kernels::kPanelRows; ++lane) out[column + lane] = a[column + lane] + b[column + lane];
    for (; column < columns; ++column) out[column] = a[column] + b[column];
}

void Ops::linearFine(const Rows& x, const Matrix& weights, float* y) {
    if (!kernels::usesInt8Activations(weights.format)) return linear(inPlace(x), {{&weights, y}});
    // Both planes as tokens of one product, the coarse ones first: the weights are read and unpacked once.
    const Activation planes = activation(2 * x.count, x.columns, {&weights});
    overRows(x.count, [&](int first, int last) {
        for (int row = first; row < last; ++row) {
            quantize(x.row(row), row, planes);
            const kernels::TokenGroups groups = kernels::groupsOf(planes.quantized, x.columns, row);
            // What the first plane left over; x itself is not needed again.
            for (int column = 0; column < x.columns; ++column) {
                const std::ptrdiff_t at = column / kernels::kGroup * groups.width;
                const auto code = static_cast<float>(groups.codes[at * kernels::kGroup + column % kernels::kGroup]);
                x.row(row)[column] -= groups.scales[at] * code;
            }
            quantize(x.row(row), x.count + row, planes);
        }
    });
    const int panelsAtOnce = weights.panels() < kHeadPanels ? weights.panels() : kHeadPanels;
    const Rows scratch = rows(static_cast<int>(m_pool.threads()) * planes.count, panelsAtOnce * kernels::kPanelRows);
    m_pool.run(static_cast<std::size_t>(ceilDiv(weights.panels(), panelsAtOnce)), [&](std::size_t part, std::size_t thread) {
        const int first = static_cast<int>(part) * panelsAtOnce;
        const int last = std::min(first + panelsAtOnce, weights.panels());
        const int columns = std::min(last * kernels::kPanelRows, weights.rows) - first * kernels::kPanelRows;
        float* products = scratch.row(static_cast<int>(thread) * planes.count);
        multiplyPart(planes, 0, planes.count, {weights, first, last, {}}, products);
        for (int row = 0; row < x.count; ++row) {
            const float* coarse = products + static_cast<std::ptrdiff_t>(row) * columns;
            const float* fine = coarse + static_cast<std::ptrdiff_t>(x.count) * columns;
            float* out = y + static_cast<std::ptrdiff_t>(row) * weights.rows + first * kernels::kPanelRows;
            addRows(coarse, fine, columns, out);
        }
    });
}

}  // namespace larder::model
