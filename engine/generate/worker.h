// The engine thread: one loop that takes messages, lets each lane with work do a step, and reports (design §3 steps 6-10).
// A lane is a loaded model with its requests (lane.h); lanes share the engine thread by computing time, and one budget of
// KV in RAM. All verbs: any thread, never block, unless they say so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/hash.h"
#include "engine/base/snapshot.h"
#include "engine/base/thread_pool.h"
#include "engine/error.h"
#include "engine/generate/lane_status.h"
#include "engine/generate/messages.h"
#include "engine/kernels/kernels.h"
#include "engine/kv/cold_store.h"
#include "engine/model/model.h"

namespace larder::generate {

struct WorkerSettings {
    base::ThreadPool* pool = nullptr;    // samples a step's rows side by side; outlives the worker. null: one by one
    std::size_t hotLimitBytes = 0;       // KV in RAM of all lanes and of models that left; REQUIRED
    std::size_t hotCeilingBytes = 0;     // what setHotLimit() will ever ask for; address space only. 0 = hotLimitBytes
    kv::ColdStore* cold = nullptr;       // KV on the disk; outlives the worker. null: none
    std::function<void()> changed = {};  // a status is new: on the engine thread, every step; must not block. May be empty
};

class Worker {
public:
    Worker(const kernels::Kernels& kernels, WorkerSettings settings);
    // Every sink gets Error{Unavailable}; joins within one step, and once what is known is handed to the cold store.
    ~Worker();

    // From now on requests for this lane run. A model with the content (Model::identity) and KV shape of one that left
    // finds that one's KV again. done, on the engine thread: an Error when the system has no address space for the KV;
    // the lane does not exist then, and what was submitted to it gets that Error. The returned status says what the
    // lane does, for as long as anyone wants to know. A lane id is used once.
    std::shared_ptr<const base::Snapshot<LaneStatus>> attach(LaneId lane, std::unique_ptr<model::Model> model,
                                                             const LaneSettings& settings,
                                                             std::function<void(Expected<void>)> done = {});

    // Ends the lane: what still runs or waits gets Error{Unavailable}; the model is destroyed, its filled KV blocks are
    // kept. done, on the engine thread, after the lane's last status; must not block.
    void detach(LaneId lane, std::function<void()> done);

    // request was checked by the engine: prompt not empty, ids in range, prompt shorter than the lane's window. A lane
    // that is not there: the sink gets Error{Unavailable}.
    void submit(LaneId lane, Submit message);
    void cancel(SequenceId id);  // unknown or finished ids are ignored

    // Evicts at once what is over the limit and not leased.
    void setHotLimit(std::size_t bytes);
    HotStatus hotStatus() const;
    std::shared_ptr<const base::Snapshot<HotStatus>> watchHot() const;  // for those who may outlive the worker

    // Forgets KV in RAM that no running request holds: of this identity, or all. Blocks until that is done, or it stopped.
    void forgetHot(const std::optional<base::Hash128>& identity);

    // Checks foreign KV against a lane's model (prefix_check.h), one check at a time. All three block for a step at most.
    // Unavailable: the lane is gone, or another check is under way.
    Expected<void> beginCheck(LaneId lane, std::vector<TokenId> tokens);
    Expected<void> fillCheck(std::size_t block, std::span<const std::byte> payload);
    Expected<bool> endCheck(std::span<const std::byte> payload);  // empty: gives up, false

    // Ends it as the destructor does and joins; statuses stay what they were at the end. One thread.
    void stop();

    // Empty, or the broken invariant. Blocks until the engine thread is between two steps; empty after stop().
    std::string checkIntegrity() const;

private:
    struct Inner;
    std::unique_ptr<Inner> m_inner;
};

}  // namespace larder::generate
