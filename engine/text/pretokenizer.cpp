#include "engine/text/pretokenizer.h"
