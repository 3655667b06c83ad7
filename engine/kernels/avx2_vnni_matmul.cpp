// Matrix product for AVX2 with AVX-VNNI.
#include "engine/kernels/avx2_matmul_body.h"

namespace larder::kernels {

void avx2VnniMatmuls(Kernels& table) {
    fillMatmuls(table);
}

}  // namespace larder::kernels
