#include "engine/generate/worker.h"
