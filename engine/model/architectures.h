// One loader an architecture file; registry.cpp maps GGUF names to them. Internal to model/.
#pragma once

#include <memory>

#include "engine/formats/gguf.h"
#include "engine/model/model.h"

namespace larder::model {

Expected<std::unique_ptr<Model>> loadLlama(const formats::GgufFile& file, const LoadOptions& options);

}  // namespace larder::model
