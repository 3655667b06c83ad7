#include "engine/text/model_text.h"
