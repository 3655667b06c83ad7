// The engine as everyone outside engine/ sees it: token ids in, token ids out, as many models loaded as memory allows.
// Any thread may call any verb; nothing blocks except load() and the destructor.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/cache_control.h"
#include "engine/error.h"
#include "engine/generation.h"
#include "engine/machine.h"
#include "engine/models.h"
#include "engine/settings.h"
#include "engine/status.h"

namespace larder {

namespace model {
class Model;
struct LoadOptions;
}  // namespace model

// What an engine asks of its surroundings; tests put theirs there. Empty: the real ones. Called from any thread.
struct EngineSurroundings {
    std::function<std::chrono::steady_clock::time_point()> now = {};  // for idle times only
    std::function<Machine()> machine = {};  // its memory
    // On the loader thread, after every tensor; may block, for nobody but those who wait for the model.
    std::function<void(const std::string& model, double fraction)> loading = {};
    // What is kept of this model's prompts, or of all (empty name), was cleared by hand; may be called after the engine's end.
    std::function<void(const std::string& model)> cacheCleared = {};
    // On the loader thread: from a model's file to what computes (model::loadModel). A test that needs a model which says
    // what a script tells it puts that in its place; everything else stays real.
    std::function<Expected<std::unique_ptr<model::Model>>(const std::filesystem::path&, const model::LoadOptions&)> loadModel = {};
};

class Engine {
public:
    // Finds models and starts the threads; loads nothing yet. Error: default model not found, bad settings.
    static Expected<std::unique_ptr<Engine>> create(const Settings& settings, EngineSurroundings surroundings = {});
    ~Engine();  // cancels everything (each sink gets Error{Unavailable}), joins its threads

    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    // Queues a generation. Events go to sink (see generation.h). Errors at once: unknown model (NotFound), empty
    // prompt or token out of range (InvalidArgument), prompt over the window (ContextExceeded, with the words of
    // design's error table), queue full (Overloaded). A request for a model that is not loaded waits for its load, and for
    // the memory: models that make room finish what runs in them first, and their later requests wait behind this one.
    Expected<Generation> submit(GenerationRequest request, GenerationSink sink);

    // Loads a model (empty = default) and waits until it serves. Blocks for the load; returns the load's Error.
    // By hand: also takes a model that crashed Larder while loading (see below) and forgets that it did.
    Expected<void> load(const std::string& model);

    // The same without waiting; done is called once, on the conductor thread (what is refused at once: on this one), and
    // must not block. OutOfMemory: it cannot fit beside what is pinned, with the numbers and what to do.
    void load(const std::string& model, std::function<void(Expected<void>)> done);

    // Unloads this model, or all (empty name), once nothing runs in it; running requests are finished first, later ones
    // load it again. What its KV blocks hold is kept for that. One that is not loaded is success. done: as load().
    void unload(const std::string& model, std::function<void(Expected<void>)> done);

    // A pinned model is unloaded by hand only: neither for being idle nor to make room. Any model may be pinned, loaded or
    // not. NotFound: no such model. Not remembered: the caller stores it (Settings::pinnedModels).
    Expected<void> pin(const std::string& model, bool pinned);

    // Called from engine threads whenever status() may have changed, until the destructor returns; must not block. Set before
    // the first submit, once.
    void observe(std::function<void()> changed);

    // The model that was being loaded when the process last died, until it loads; requests for it are refused with a
    // sentence that says how to try again, and it is never loaded by itself. Empty: none.
    std::string crashedModel() const;
    bool crashedWhileLoading(const ModelInfo& model) const;  // this one; there may be several

    // The models found at the last refresh, and the window a request to one of them gets. Cheap copies.
    std::vector<ModelInfo> models() const;
    void refreshModels();
    // Empty name = default model, or the only one. An unknown name makes it look at the model folder again when that
    // changed: a model just downloaded or copied there is served without a restart.
    Expected<ModelInfo> findModel(const std::string& name) const;
    std::size_t contextTokens(const ModelInfo& model) const;       // min of the setting and the model's window

    // Takes over what can change while it runs: what the cold tier may take, the default model (of later requests; one that is not there is logged and
    // changes nothing), whether the Hugging Face cache is listed, the memory for weights and the idle time. Blocks on the disk.
    void apply(const Settings& settings);

    EngineStatus status() const;
    // status() for those who may outlive the engine: then the last one. Any thread.
    std::function<EngineStatus()> statusSource() const;

    // What is kept on the disk, to look at and to change. Null: the cold tier is off (EngineStatus::coldTier says why). May
    // outlive the engine; its verbs then return Unavailable.
    std::shared_ptr<CacheControl> cache() const;

    // Empty when every invariant holds, else one sentence: blocks free + leased == total, no lease without a sequence.
    // Meaningful when nothing runs.
    std::string checkIntegrity() const;

private:
    struct Inner;
    explicit Engine(std::unique_ptr<Inner> inner);
    std::unique_ptr<Inner> m_inner;
};

}  // namespace larder
