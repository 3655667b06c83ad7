// Arithmetic on row ranges: the table of kernels of one instruction set, chosen at start.
// Every entry computes bit for bit what scalar.cpp computes: that file is the specification (design §6, formulas below).
// Any thread; kernels own nothing, allocate nothing, know no threads. Callers set the floating point mode
// (round to nearest, no FTZ/DAZ) on every thread that calls them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "engine/kernels/attention.h"
#include "engine/kernels/elementwise.h"
#include "engine/kernels/matmul.h"
#include "engine/kernels/probe.h"
#include "engine/kernels/quantize.h"
#include "engine/kernels/vocabulary.h"
#include "engine/kernels/weight_format.h"

namespace larder::kernels {

struct Kernels {
    const char* isa = nullptr;  // "scalar", "avx2", "avx2-vnni", "avx512-vnni", "avx512-amx", ...

    // y[t, r] = sum over k of W[r, k] x[t, k] (+ residual), for the panels [firstPanel, lastPanel). By weight format.
    MatmulFn matmul[kWeightFormatCount] = {};

    QuantizeRowFn quantizeRow = nullptr;
    RmsNormFn rmsNorm = nullptr;
    RopeFn ropeInterleaved = nullptr;    // pairs (2i, 2i+1): GGUF llama
    RopeFn ropeNeox = nullptr;           // pairs (i, i + n/2)
    SiluMulFn siluMul = nullptr;
    SoftmaxFn expAndSum = nullptr;
    BlockMaximaFn blockMaxima = nullptr;
    BlockMassesFn blockMasses = nullptr;
    CollectFn collectAbove = nullptr;
    StoreKvFn storeKv[2] = {};           // by KvFormat
    AttentionSpanFn attentionSpan[2] = {};  // by KvFormat
    AttentionMergeFn attentionMerge = nullptr;
    AttentionFinishFn attentionFinish = nullptr;
    Int8ProbeFn int8Probe = nullptr;     // a measurement, not arithmetic: no result to compare
};

// The best table this CPU runs, or the one `forced` names ("" = none forced). nullptr when the CPU or this build lacks
// it, or the name is unknown.
const Kernels* selectKernels(std::string_view forced);

// Names selectKernels accepts here, best last: "scalar, avx2".
std::string supportedIsas();

}  // namespace larder::kernels
