// Matrix product for baseline ARMv8-A.
#include "engine/kernels/neon_matmul_body.h"

namespace larder::kernels {

void neonMatmuls(Kernels& table) {
    fillMatmuls(table);
}

}  // namespace larder::kernels
