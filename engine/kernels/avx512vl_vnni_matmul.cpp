// Matrix product for AVX-512 VL and VNNI at 256 bits: what avx2-vnni runs where a CPU has no AVX-VNNI (Zen 4, Ice Lake).
#include "engine/kernels/avx2_matmul_body.h"

namespace larder::kernels {

void avx512vlVnniMatmuls(Kernels& table) {
    fillMatmuls(table);
}

}  // namespace larder::kernels
