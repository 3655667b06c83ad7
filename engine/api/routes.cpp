#include "engine/api/routes.h"
