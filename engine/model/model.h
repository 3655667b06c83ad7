// A loaded model: from a batch of tokens and the KV blocks to logits. Knows no request, thread or ISA.
// One thread at a time (the engine thread); owns its weights and activations.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "engine/base/hash.h"
#include "engine/base/thread_pool.h"
#include "engine/error.h"
#include "engine/kernels/kernels.h"
#include "engine/model/batch.h"
#include "engine/model/kv_layout.h"
#include "engine/types.h"

namespace larder::model {

class Model {
public:
    virtual ~Model() = default;

    virtual const KvLayout& kvLayout() const = 0;        // of layer group 0
    // What has to be kept of a sequence; the group of the layout alone unless a model says otherwise.
    virtual KvShape kvShape() const { return {.groups = {{.blockBytes = kvLayout().blockBytes()}}, .stateBytes = 0, .elementBytes = kvLayout().elementBytes()}; }
    // Of everything that KV depends on besides the tokens: weights by content, graph, KV type, arithmetic. Equal for a
    // renamed or copied file.
    virtual base::Hash128 identity() const = 0;
    virtual int vocabulary() const = 0;
    virtual int contextTokens() const = 0;               // the window it was trained for
    virtual std::size_t weightBytes() const = 0;         // resident

    // Computes every row, fills the KV blocks, writes logits of batch.logitRows. logits: [logitRows, vocabulary].
    // REQUIRES tokens in range and blocks that cover the positions. Blocks until done; cannot fail.
    virtual void forward(const Batch& batch, std::span<float> logits) = 0;
};

struct LoadOptions {
    KvType kvType = KvType::F16;
    const kernels::Kernels* kernels = nullptr;           // REQUIRED
    base::ThreadPool* pool = nullptr;                    // REQUIRED; outlives the model; used by forward
    base::ThreadPool* loadPool = nullptr;                // used by the load when another thread computes; null: pool
    std::function<bool(double)> progress;                // fraction done; returning false cancels. May be empty
    std::optional<base::Hash128> knownContent;           // of the file's tensors, hashed at an earlier load
    std::function<void(const base::Hash128&)> contentHashed;  // told what it is otherwise. May be empty
};

// Maps the file, checks names and shapes, packs the weights. Every mismatch is an Error naming the tensor or key.
// Blocks for the whole load.
Expected<std::unique_ptr<Model>> loadModel(const std::filesystem::path& path, const LoadOptions& options);

}  // namespace larder::model
