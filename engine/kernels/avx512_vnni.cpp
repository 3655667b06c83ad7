// The AVX-512 VNNI table. Row-wise operations are a few percent of a step: those of AVX2, which every such CPU has.
#include "engine/kernels/avx512_kernels.h"
#include "engine/kernels/isa_tables.h"

namespace larder::kernels {
namespace {

Kernels makeTable() {
    Kernels table = *avx2Kernels();
    table.isa = "avx512-vnni";
    table.matmul[0] = avx512MatmulF32;
    table.matmul[1] = avx512MatmulF16;
    table.matmul[2] = avx512MatmulBf16;
    table.matmul[3] = avx512MatmulQ4_0;
    table.matmul[4] = avx512MatmulQ4_1;
    table.matmul[5] = avx512MatmulQ8_0;
    table.attentionSpan[0] = avx512AttentionSpanF16;
    table.attentionSpan[1] = avx512AttentionSpanF32;
    return table;
}

}  // namespace

const Kernels* avx512VnniKernels() {
    static const Kernels table = makeTable();
    return &table;
}

}  // namespace larder::kernels
