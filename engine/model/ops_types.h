// What the operations of a graph (ops.h) pass around: views into the memory of a step.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/kernels/quantize.h"
#include "engine/model/kv_layout.h"
#include "engine/model/weights.h"

namespace larder::model {

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

// A panel of some matrix, or none.
struct PanelPlace {
    const std::byte* panel = nullptr;
    std::size_t panelBytes = 0;
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

}  // namespace larder::model
