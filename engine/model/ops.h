// The small vocabulary an architecture's graph is written in (design §7). Each verb is one stage: it splits its rows or
// panels over the pool and returns when all is done. Tensors are views into an arena that begin() resets: no
// allocation in the hot loop once the largest batch was seen.
// Engine thread only. A result depends on a row's own sequence, never on what else is in the batch (design §6).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include "engine/base/thread_pool.h"
#include "engine/kernels/kernels.h"
#include "engine/model/batch.h"
#include "engine/model/ops_arena.h"
#include "engine/model/ops_types.h"


namespace larder::model {

struct AttentionPlan;
class AttentionWalk;

class Ops {
public:
    Ops(const kernels::Kernels& kernels, base::ThreadPool& pool);
    ~Ops();

    // Starts a step: forgets all tensors and plans the attention tasks. The batch outlives the step.
    void begin(const Batch& batch, int heads, int kvHeads, int headDim);

    // Tensors of the step. rewind() gives back what was allocated since mark(); the graph uses it once a layer.
    std::size_t mark() const { return m_arena.mark(); }
    void rewind(std::size_t mark) { m_arena.rewind(mark); }
    Rows rows(int count, int columns);
    static Activation inPlace(const Rows& rows);  // float form only, in the same memory
    Activation activation(int count, int columns, std::initializer_list<const Matrix*> consumers);

    // What the stage after the next one multiplies: while the next one ends, its threads ask for the beginning of it.
    void announce(std::initializer_list<const Matrix*> matrices);

    void embed(const Matrix& table, std::span<const TokenId> tokens, const Rows& out);
    void pickRows(const Rows& from, std::span<const int> indices, const Rows& out);
    void addBias(const std::vector<float>& bias, const Rows& rows);
    void rmsNorm(const Normed& x, const Activation& out);
    // out = silu(gate x) * (up x): both products, the activation and its quantisation, slice by slice of the columns, so
    // that nothing of it leaves the cache. gate and up: same rows and columns.
    void gatedSilu(const Normed& x, const Matrix& gate, const Matrix& up, const Activation& out);
    void linear(const Normed& x, std::initializer_list<Product> products);
    void linear(const Activation& x, std::initializer_list<Product> products);
    // y = W x with the activations in two int8 planes, x = coarse + fine: for the output head, whose rounding error goes
    // straight into the logits. Float formats need no second plane. y: [x.count, weights.rows].
    void linearFine(const Rows& x, const Matrix& weights, float* y);

    RopeTable ropeTable(std::span<const double> frequencies);
    // Rotates q and k, stores k and v of every row in its sequence's blocks, then causal softmax(q k * scale) v over each
    // row's own sequence. out: [rows, heads * headDim], as the consumer asks.
    void attention(const AttentionInput& in, const Activation& out);

private:
    int positionOf(int row) const;
    struct Part;
    void multiplyPart(const Activation& x, int first, int tokens, const Part& part, float* y) const;
    struct PanelSlices;
    PanelSlices slicesOf(int panels, int mostPanels) const;
    PanelPlace afterSlice(const PanelSlices& slices, std::size_t slice) const;
    struct ProductSlice;
    void multiplySlice(const Activation& x, std::span<const Product> products, const ProductSlice& slice) const;
    struct GatedSlice;
    void gatedSlice(const Activation& x, const GatedSlice& slice, const Activation& out) const;
    // Calls f(slice, thread, activation) for every slice; the activation is the norm of x in these forms.
    template <class F>
    void overNormed(const Normed& x, const Forms& forms, int slices, const F& f);
    void normRows(const Normed& x, int first, int last, float* scratch, const Activation& out) const;
    static constexpr int kSlicesPerThread = 4;  // enough to even out, few enough to keep slices long
    // Calls f(firstRow, lastRow[, thread]) on slices of [0, count).
    template <class F>
    void overRows(int count, const F& f);
    void quantize(const float* row, int index, const Activation& out) const;
    void quantizeRows(const Rows& from, int first, int last, const Activation& out) const;

    const kernels::Kernels& m_kernels;
    base::ThreadPool& m_pool;
    const Batch* m_batch = nullptr;
    std::unique_ptr<AttentionPlan> m_plan;
    std::vector<AttentionWalk> m_walks;   // [threads]
    std::vector<int> m_sequenceOf;        // [rows of the batch] index of the sequence
    struct alignas(64) OwnInput {         // of a thread: what it made itself for the current stage
        Activation activation;
        std::uint32_t stage = 0;
    };
    std::vector<OwnInput> m_ownInputs;    // [threads]
    std::vector<PanelPlace> m_announced;  // [threads], or empty: where each thread will begin
    std::uint32_t m_stage = 0;            // counts stages with something of the threads' own
    StepArena m_arena;
};

template <class F>
void Ops::overRows(int count, const F& f) {
    if (count <= 0) return;
    const int slices = count == 1 ? 1 : std::min(count, static_cast<int>(m_pool.threads()) * kSlicesPerThread);
    m_pool.run(static_cast<std::size_t>(slices), [&](std::size_t slice, std::size_t thread) {
        const int index = static_cast<int>(slice);
        const auto first = static_cast<int>(static_cast<std::int64_t>(count) * index / slices);
        const auto last = static_cast<int>(static_cast<std::int64_t>(count) * (index + 1) / slices);
        if constexpr (std::is_invocable_v<F, int, int, std::size_t>) f(first, last, thread);
        else f(first, last);
    });
}

}  // namespace larder::model
