#include "engine/text/stop_strings.h"
