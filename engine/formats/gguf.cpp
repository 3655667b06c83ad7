#include "engine/formats/gguf.h"
