#include "engine/api/error_reply.h"
