#include "engine/server.h"
