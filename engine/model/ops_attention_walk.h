// The K and V that one thread's attention tasks read, in their order, for the kernels to ask for ahead of need.
// Belongs to one compute thread; the plan, the batch and the layout outlive the stage.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/kernels/attention.h"
#include "engine/model/attention_plan.h"
#include "engine/model/kv_layout.h"

namespace larder::model {

class alignas(64) AttentionWalk {
public:
    struct Stage {
        const AttentionPlan* plan = nullptr;
        const Batch* batch = nullptr;
        const KvLayout* layout = nullptr;
        int layer = 0;
        std::size_t threads = 1;
        std::uint32_t number = 0;  // another one for every layer
    };

    // Where the kernels shall stand to begin task `index` of the stage: the walk goes on if that follows the last one.
    kernels::KvWalk* at(const Stage& stage, std::size_t index);

private:
    static void more(kernels::KvWalk& walk);
    void restart(std::size_t index);
    void append();
    void appendHalf();
    void nextTask(std::size_t index);

    struct Walk : kernels::KvWalk {
        AttentionWalk* owner = nullptr;
    };
    Walk m_walk;
    Stage m_stage;
    std::size_t m_reader = 0;     // the task that is being done
    // Where the walk is.
    std::size_t m_task = 0;
    std::size_t m_end = 0;        // of the thread's range
    int m_block = 0;
    int m_blocks = 0;             // half-open end of the task's
    bool m_atValues = false;
};

}  // namespace larder::model
