// A llama-family model's hyper-parameters, read and checked from GGUF metadata. Plain value.
#pragma once

#include "engine/error.h"
#include "engine/formats/gguf.h"

namespace larder::model {

struct Config {
    int layers = 0;
    int width = 0;              // of the residual stream
    int heads = 0;              // query heads
    int kvHeads = 0;            // divides heads
    int headDim = 0;            // of keys and values
    int ropeDims = 0;           // leading dimensions of a head that are rotated; even
    int feedForward = 0;
    int contextTokens = 0;      // trained window
    double ropeBase = 10000.0;
    double ropeLinearFactor = 1.0;  // positions are divided by it ("linear" scaling)
    float normEps = 0.0f;
    int vocabulary = 0;         // rows of token_embd.weight

    int attentionWidth() const { return heads * headDim; }
    int kvWidth() const { return kvHeads * headDim; }
};

// Keys `<architecture>.*` (llama.cpp's names). Every missing or impossible value is an Error that names its key;
// features this graph does not have (experts, yarn) are Unsupported.
Expected<Config> readConfig(const formats::GgufFile& file);

}  // namespace larder::model
