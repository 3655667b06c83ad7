#include "engine/kv/kv_cache.h"
