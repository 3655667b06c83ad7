#include "engine/kv/kv_lease.h"
