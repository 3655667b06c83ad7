#include "engine/kv/block_pool.h"
