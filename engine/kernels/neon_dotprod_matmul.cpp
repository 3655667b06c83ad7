// Matrix product for ARMv8.2 with dot products of bytes.
#include "engine/kernels/neon_matmul_body.h"

namespace larder::kernels {

void neonDotprodMatmuls(Kernels& table) {
    fillMatmuls(table);
}

}  // namespace larder::kernels
