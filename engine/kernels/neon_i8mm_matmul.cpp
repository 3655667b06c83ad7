// Matrix product for CPUs that multiply matrices of bytes (i8mm), too.
#include "engine/kernels/neon_matmul_body.h"

namespace larder::kernels {

void neonI8mmMatmuls(Kernels& table) {
    fillMatmuls(table);
}

}  // namespace larder::kernels
