#include "engine/kernels/kernels.h"
