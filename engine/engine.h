// The engine as everyone outside engine/ sees it: token ids in, token ids out, one loaded model at a time.
// Any thread may call any verb; nothing blocks except load() and the destructor.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "engine/error.h"
#include "engine/generation.h"
#include "engine/models.h"
#include "engine/settings.h"
#include "engine/status.h"

namespace larder {

class Engine {
public:
    // Finds models and starts the loader thread; loads nothing yet. Error: default model not found, bad settings.
    static Expected<std::unique_ptr<Engine>> create(const Settings& settings);
    ~Engine();  // cancels everything (each sink gets Error{Unavailable}), joins its threads

    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    // Queues a generation. Events go to sink (see generation.h). Errors at once: unknown model (NotFound), empty
    // prompt or token out of range (InvalidArgument), prompt over the window (ContextExceeded, with the words of
    // design's error table), queue full (Overloaded). A request for a model that is not loaded waits for the loader.
    Expected<Generation> submit(GenerationRequest request, GenerationSink sink);

    // Loads a model (empty = default) and waits until it serves. Blocks for the load; returns the load's Error.
    Expected<void> load(const std::string& model);

    // The models found at the last refresh, and the window a request to one of them gets. Cheap copies.
    std::vector<ModelInfo> models() const;
    void refreshModels();
    Expected<ModelInfo> findModel(const std::string& name) const;  // empty name = default model, or the only one
    std::size_t contextTokens(const ModelInfo& model) const;       // min of the setting and the model's window

    EngineStatus status() const;

    // Empty when every invariant holds, else one sentence: blocks free + leased == total, no lease without a sequence.
    // Meaningful when nothing runs.
    std::string checkIntegrity() const;

private:
    struct Inner;
    explicit Engine(std::unique_ptr<Inner> inner);
    std::unique_ptr<Inner> m_inner;
};

}  // namespace larder
