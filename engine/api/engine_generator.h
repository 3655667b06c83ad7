// The real engine as the API's Generator. Header only: larder_api is linked below larder_engine.
#pragma once

#include <utility>

#include "engine/api/generator.h"
#include "engine/engine.h"

namespace larder::api {

// The engine outlives this. Any thread.
class EngineGenerator final : public Generator {
public:
    explicit EngineGenerator(Engine& engine) : m_engine(engine) {}

    Expected<Generation> submit(GenerationRequest request, GenerationSink sink) override {
        return m_engine.submit(std::move(request), std::move(sink));
    }
    std::vector<ModelInfo> models() const override { return m_engine.models(); }
    void refreshModels() override { m_engine.refreshModels(); }
    Expected<ModelInfo> findModel(const std::string& name) const override { return m_engine.findModel(name); }
    std::size_t contextTokens(const ModelInfo& model) const override { return m_engine.contextTokens(model); }
    EngineStatus status() const override { return m_engine.status(); }
    std::shared_ptr<CacheControl> cache() const override { return m_engine.cache(); }

private:
    Engine& m_engine;
};

}  // namespace larder::api
