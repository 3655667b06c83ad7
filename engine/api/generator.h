// What the API needs of an engine: models by name, and generations by token ids. Engine is put behind it by
// EngineGenerator; tests put a scripted one there. Any thread may call any verb; nothing blocks but refreshModels().
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "engine/cache_control.h"
#include "engine/error.h"
#include "engine/generation.h"
#include "engine/models.h"
#include "engine/status.h"

namespace larder::api {

// The contracts of the verbs are those of engine/engine.h.
class Generator {
public:
    virtual ~Generator() = default;

    virtual Expected<Generation> submit(GenerationRequest request, GenerationSink sink) = 0;

    virtual std::vector<ModelInfo> models() const = 0;
    virtual void refreshModels() = 0;  // reads file headers; request threads only
    virtual Expected<ModelInfo> findModel(const std::string& name) const = 0;
    virtual std::size_t contextTokens(const ModelInfo& model) const = 0;

    virtual EngineStatus status() const = 0;
    virtual std::shared_ptr<CacheControl> cache() const = 0;  // null: the cold tier is off
};

}  // namespace larder::api
