#include "engine/generation.h"

// Inline in the header: layers below larder_engine hold Generations too.
