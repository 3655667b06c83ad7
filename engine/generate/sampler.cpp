#include "engine/generate/sampler.h"
