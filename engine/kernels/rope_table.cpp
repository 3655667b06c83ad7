#include "engine/kernels/rope_table.h"
