// GET /v1/models and /v1/models/{id} in the Anthropic shape, for requests with an anthropic-version header. Request threads
// (blocks on the disk).
#pragma once

#include <string>

#include "engine/api/generator.h"
#include "engine/error.h"

namespace larder::api {

// {"data":[{"type":"model","id","display_name","created_at"}],"has_more":false,"first_id","last_id"}: always all that can run,
// in one page.
std::string anthropicModelListBody(Generator& generator);

// One entry of data. NotFound lists the names there are.
Expected<std::string> anthropicModelBody(Generator& generator, const std::string& name);

}  // namespace larder::api
