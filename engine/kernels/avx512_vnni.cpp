// The AVX-512 VNNI table. Row-wise operations are a few percent of a step: those of AVX2, which every such CPU has.
#include "engine/kernels/avx512_intrinsics.h"
#include "engine/kernels/avx512_kernels.h"
#include "engine/kernels/isa_tables.h"

namespace larder::kernels {
namespace {

// dpbusd, twelve chains: more than its latency times its rate.
std::uint64_t int8Probe(std::uint64_t rounds) {
    constexpr int kChains = 12;
    volatile int seed = 0x01010101;
    const __m512i factor = _mm512_set1_epi32(seed);
    __m512i chains[kChains];
    for (__m512i& chain : chains) chain = factor;
    for (std::uint64_t round = 0; round < rounds; ++round)
        for (__m512i& chain : chains) chain = _mm512_dpbusd_epi32(chain, factor, factor);
    __m512i all = factor;
    for (const __m512i& chain : chains) all = _mm512_dpbusd_epi32(all, chain, factor);
    float lanes[16];
    _mm512_storeu_ps(lanes, _mm512_cvtepi32_ps(all));
    seed = static_cast<int>(lanes[0]);
    return rounds * kChains * 64;
}

Kernels makeTable() {
    Kernels table = *avx2Kernels();
    table.isa = "avx512-vnni";
    avx512Matmuls(table);
    table.attentionSpan[0] = avx512AttentionSpanF16;
    table.attentionSpan[1] = avx512AttentionSpanF32;
    table.int8Probe = int8Probe;
    return table;
}

}  // namespace

const Kernels* avx512VnniKernels() {
    static const Kernels table = makeTable();
    return &table;
}

#if !defined(LARDER_AVX512_EMULATED)
const Kernels* avx512AmxKernels() {
    static const Kernels table = [] {
        Kernels made = *avx512VnniKernels();
        made.isa = "avx512-amx";
        avx512AmxMatmuls(made);
        return made;
    }();
    return &table;
}
#endif

}  // namespace larder::kernels
