// The blocks of a row for passes that take whole blocks only. Private to kernels; internal linkage as in half.h.
#pragma once

#include "engine/kernels/vocabulary.h"

namespace larder::kernels {

// The 64 values of a block: in the row or, where it ends earlier, in `padded` ([64]), filled up with NaN, which no pass
// counts.
static inline const float* wholeBlock(const float* x, int n, int block, float* padded) {
    const int first = block * kVocabularyBlock;
    if (n - first >= kVocabularyBlock) {
        return x + first;
    }
    for (int i = 0; i < kVocabularyBlock; ++i) {
        padded[i] = first + i < n ? x[first + i] : __builtin_nanf("");
    }
    return padded;
}

}  // namespace larder::kernels
