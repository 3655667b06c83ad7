// The conductor thread: decides which models are loaded and which requests run (design §4). A request for a loaded model
// goes to its lane at once. One for another model waits for the load; loads happen one after another on the loader thread
// while the engine thread computes for the others. Who waits stands in one line:
//
//  - Only the first in line that needs a load may start it. Where memory is short, idle models go; where that is not enough,
//    busy ones are held: their later requests wait behind, so that they become idle and go.
//  - An unload waits until its models are idle, and holds them in the same way.
//
// So the line moves in order, and nobody is overtaken by a request for the same model.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/base/mailbox.h"
#include "engine/base/thread.h"
#include "engine/base/thread_pool.h"
#include "engine/conductor_messages.h"
#include "engine/engine.h"
#include "engine/engine_watch.h"
#include "engine/generate/worker.h"
#include "engine/load_guard.h"
#include "engine/model_list.h"
#include "engine/model_loader.h"
#include "engine/model_table.h"

namespace larder {

struct ConductorParts {
    Settings settings;
    const kernels::Kernels* kernels = nullptr;
    // These outlive the conductor.
    ModelList* models = nullptr;
    LoadGuard* guard = nullptr;
    std::shared_ptr<EngineWatch> watch;
    std::shared_ptr<kv::ColdStore> cold;  // null: nothing is kept on the disk
    EngineSurroundings surroundings;  // all of them set
};

class Conductor {
public:
    using Mailbox = base::Mailbox<ConductorMessage>;

    explicit Conductor(ConductorParts parts);
    ~Conductor();  // every sink gets Error{Unavailable}; joins

    // Sinks and handles may outlive the conductor: they hold this, which then refuses messages. Any thread.
    const std::shared_ptr<Mailbox>& mailbox() const { return m_mailbox; }

    // Room for one more request, false when so many run or wait already. The conductor counts it down. Any thread.
    bool countIn(std::size_t limit);
    std::size_t unfinished() const { return m_unfinished; }
    std::string checkIntegrity() const { return m_worker.checkIntegrity(); }

private:
    // What those ahead in the line keep from those behind, in one walk along it.
    struct Walk {
        std::set<std::string> wanted;  // somebody ahead waits for these models
        std::set<std::string> held;    // somebody ahead waits until these are idle
        bool loadAhead = false;        // somebody ahead waits for a load
    };

    void run();
    void shutDown();

    void take(Route message);
    void take(Load message);
    void take(Unload message);
    void take(Drop message);
    void take(Ended message);
    void take(Pin message);
    void take(UnloadRules message);
    void take(Forget message);
    void take(AtLane message);
    void take(WeightsRead message);
    void take(Attached message);
    void take(Detached message);

    void advance();
    // True: leaves the line.
    bool settle(Route& route, Walk& walk);
    bool settle(Load& load, Walk& walk);
    bool settle(Unload& unload, Walk& walk);
    Expected<void> want(const std::string& name, bool byHand, Walk& walk);
    void start(Route route, TableModel& model);
    void refuse(Route& route, const Error& error);
    void refuseAll(const std::string& model, const Error& error);
    void answer(std::function<void(Expected<void>)> done, const Expected<void>& result);
    void deliver();

    Expected<void> beginLoad(const std::string& name, bool byHand, Walk& walk);
    Expected<void> attach(TableModel& entry, std::unique_ptr<model::Model> loaded);
    void failLoad(const std::string& name, const Error& error);
    void leave(TableModel& model);
    void unloadIdle();

    MemoryNeed needOf(const ModelInfo& model) const;
    std::size_t hotLimit(std::size_t windowBytes) const;
    std::optional<std::chrono::steady_clock::time_point> nextLook() const;
    void show();

    const ConductorParts m_parts;
    UnloadRules m_rules;
    const std::shared_ptr<Mailbox> m_mailbox = std::make_shared<Mailbox>();
    std::atomic<std::size_t> m_unfinished{0};  // came, neither ended nor dropped

    // Conductor thread only.
    ModelTable m_table;
    std::list<InLine> m_line;
    std::set<std::string> m_held;              // by the last walk
    std::vector<std::function<void()>> m_outgoing;  // until deliver()
    std::uint32_t m_lanes = 0;                 // given out
    std::string m_loading;                     // the model at the loader

    base::ThreadPool m_pool;                   // the engine thread's
    generate::Worker m_worker;
    ModelLoader m_loader;
    base::Thread m_thread;                     // last: it uses everything above
};

// The window a model gets before it is loaded: the setting, else the trained one.
std::size_t requestedContext(const ModelInfo& model, const Settings& settings);

Error shuttingDown();
Error crashedBefore(const std::string& model);

// What requests call the model that crashed; its file name when it is not in the list; empty: none did.
std::string crashedName(const ModelList& models, const LoadGuard& guard);

}  // namespace larder
