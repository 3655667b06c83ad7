// Matrix product for AVX2 without VNNI.
#include "engine/kernels/avx2_matmul_body.h"

namespace larder::kernels {

void avx2Matmuls(Kernels& table) {
    fillMatmuls(table);
}

}  // namespace larder::kernels
