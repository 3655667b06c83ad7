#include "engine/api/http_server.h"
