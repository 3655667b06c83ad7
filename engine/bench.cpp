#include "engine/bench.h"
