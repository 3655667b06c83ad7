// GET /v1/models and /v1/models/{id}: the models on this disk in OpenAI's form. Request threads (blocks on the disk).
#pragma once

#include <string>

#include "engine/api/generator.h"
#include "engine/error.h"

namespace larder::api {

// {"object":"list","data":[...]}; models Larder cannot run are in "unusable" with the reason.
std::string modelListBody(Generator& generator);

// One entry of data. NotFound lists the names there are.
Expected<std::string> modelBody(Generator& generator, const std::string& name);

}  // namespace larder::api
