// Where a layer's keys and values lie inside a KV block (64 positions of all layers of one model).
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/types.h"

namespace larder::model {

struct KvLayout {
    int layers = 0;
    int kvHeads = 0;
    int headDim = 0;
    KvType type = KvType::F16;

    std::size_t elementBytes() const { return type == KvType::F32 ? 4 : 2; }
    std::size_t headBytes() const { return static_cast<std::size_t>(headDim) * kBlockTokens * elementBytes(); }
    // Block = [layer][kvHead]{K: headDim x 64, V: 64 x headDim}.
    std::size_t kOffset(int layer, int kvHead) const {
        return (static_cast<std::size_t>(layer) * kvHeads + kvHead) * 2 * headBytes();
    }
    std::size_t vOffset(int layer, int kvHead) const { return kOffset(layer, kvHead) + headBytes(); }
    std::size_t blockBytes() const { return static_cast<std::size_t>(layers) * kvHeads * 2 * headBytes(); }
};

}  // namespace larder::model
