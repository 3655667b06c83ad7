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
#include "engine/model/kv_layout.h"
#include "engine/model/weights.h"

namespace larder::model {

struct AttentionPlan;

// f32 values, one row a token. Lives until the next begin().
struct Rows {
    float* values = nullptr;  // [count, columns]
    int count = 0;
    int columns = 0;

    float* row(int index) const { return values + static_cast<std::ptrdiff_t>(index) * columns; }
};

// Input of linear(): the same rows in the forms the weights ask for.
struct Activation {
    Rows rows;                            // valid when hasFloat
    kernels::QuantizedRows quantized;     // valid when hasInt8
    int count = 0;
    int columns = 0;
    bool hasFloat = false;
    bool hasInt8 = false;
};

// The RMS norm of some rows. It is no stage of its own: the stage that multiplies takes it.
struct Normed {
    Rows x;
    const std::vector<float>& weight;     // [columns]
    float eps = 0;
};

// One product of a linear() stage: y = W x, or y = residual + W x.
struct Product {
    const Matrix* weights = nullptr;
    float* y = nullptr;                   // [count, weights->rows]
    const float* residual = nullptr;      // null, or shaped as y; may be y
};

// Rotation angles of every row of the batch.
struct RopeTable {
    float* cosines = nullptr;             // [rows, pairs]
    float* sines = nullptr;               // [rows, pairs]
    int pairs = 0;
};

enum class RopeStyle { Interleaved, Neox };

// What attention() reads: q, k and v as the products left them.
struct AttentionInput {
    const KvLayout& layout;
    int layer = 0;
    RopeStyle style = RopeStyle::Interleaved;
    const RopeTable& angles;
    Rows q;                               // [rows, heads * headDim]
    Rows k, v;                            // [rows, kvHeads * headDim]
    float scale = 0;                      // of the softmax
};

class Ops {
public:
    Ops(const kernels::Kernels& kernels, base::ThreadPool& pool);
    ~Ops();

    // Starts a step: forgets all tensors and plans the attention tasks. The batch outlives the step.
    void begin(const Batch& batch, int heads, int kvHeads, int headDim);

    // Tensors of the step. rewind() gives back what was allocated since mark(); the graph uses it once a layer.
    std::size_t mark() const;
    void rewind(std::size_t mark);
    Rows rows(int count, int columns);
    static Activation inPlace(const Rows& rows);  // float form only, in the same memory
    Activation activation(int count, int columns, std::initializer_list<const Matrix*> consumers);

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
    struct Forms {                        // that consumers ask for
        bool hasFloat = false;
        bool hasInt8 = false;
        void add(const Matrix& consumer);
    };
    void* allocate(std::size_t bytes);
    static std::size_t activationBytes(int count, int columns, const Forms& forms);
    static Activation activationAt(void* memory, int count, int columns, const Forms& forms);
    int positionOf(int row) const;
    void multiply(const Activation& x, const Product& product, int firstPanel, int lastPanel) const;
    void multiplyPart(const Activation& x, int first, int tokens, const Matrix& weights, int firstPanel, int lastPanel,
                      float* y) const;
    void multiplySlice(const Activation& x, std::span<const Product> products, int firstPanel, int lastPanel) const;
    struct PanelSlices;
    PanelSlices slicesOf(int panels, int mostPanels) const;
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
    std::vector<int> m_sequenceOf;        // [rows of the batch] index of the sequence
    struct alignas(64) OwnInput {         // of a thread: what it made itself for the current stage
        Activation activation;
        std::uint32_t stage = 0;
    };
    std::vector<OwnInput> m_ownInputs;    // [threads]
    std::uint32_t m_stage = 0;            // counts stages with inputs of the threads' own
    struct Chunk {
        std::unique_ptr<std::byte[]> memory;
        std::size_t size = 0;
    };
    std::vector<Chunk> m_chunks;
    std::size_t m_base = 0;               // bytes of all chunks before the last
    std::size_t m_used = 0;               // bytes of the last chunk
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
