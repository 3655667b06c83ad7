// The models that are loaded, on their way in or out, or could not be loaded, and which requests run in them.
// Conductor thread only. Pins are kept for models that are not loaded too.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/hash.h"
#include "engine/base/snapshot.h"
#include "engine/generate/lane_status.h"
#include "engine/memory_plan.h"
#include "engine/types.h"

namespace larder {

using LaneWatch = std::shared_ptr<const base::Snapshot<generate::LaneStatus>>;

struct TableModel {
    enum class Stage {
        Loading,  // from the decision until its lane is there
        Serving,
        Leaving,  // its lane ends
        Failed,   // could not be loaded; takes nothing
    };

    std::string name;
    Stage stage = Stage::Loading;
    std::string failure = {};            // one sentence, for Failed
    // Once the weights are read:
    generate::LaneId lane{};
    LaneWatch status = {};
    base::Hash128 identity = {};         // of its KV
    std::size_t weightBytes = 0;
    std::size_t windowTokens = 0;        // offered
    std::size_t trainedTokens = 0;       // the model's own
    std::size_t fullWindowBytes = 0;     // KV of the window asked for
    int vocabulary = 0;
    double servingSinceMs = 0;           // steady clock of the engine thread

    std::set<SequenceId> running = {};   // in its lane

    bool serves() const { return stage == Stage::Serving; }
    bool idle() const { return serves() && running.empty(); }
};

class ModelTable {
public:
    using Clock = std::chrono::steady_clock;
    explicit ModelTable(std::function<Clock::time_point()> now) : m_now(std::move(now)) {}

    TableModel* find(const std::string& name);
    TableModel* findLane(generate::LaneId lane);
    const std::map<std::string, TableModel>& all() const { return m_models; }

    TableModel& enter(const std::string& name);  // as Loading, whatever it was
    void fail(const std::string& name, const std::string& failure);
    void erase(const std::string& name) { m_models.erase(name); }

    // A request came for this model or ended in it.
    void touch(const std::string& name);
    // The model it ran in; nullptr when it runs in none.
    TableModel* end(SequenceId id);

    void pin(const std::string& name, bool pinned);
    bool pinned(const std::string& name) const { return m_pinned.contains(name); }

    bool changing() const;     // one is Loading or Leaving
    bool anythingRuns() const;
    std::size_t largestWindowBytes() const;
    std::vector<WeightsHeld> held(const std::set<std::string>& promised) const;

    // Of the last touch; 0 = never.
    std::int64_t lastUsedUnixMs(const std::string& name) const;

    // Idle models that are not pinned and were not used for so long; and when the next one is.
    std::vector<std::string> idleFor(Clock::duration span) const;
    std::optional<Clock::time_point> nextIdleFor(Clock::duration span) const;

private:
    struct Use {
        Clock::time_point at;
        std::int64_t unixMs = 0;
    };
    Clock::time_point lastUsed(const std::string& name) const;

    std::function<Clock::time_point()> m_now;
    std::map<std::string, TableModel> m_models;
    std::map<std::string, Use> m_uses;  // unloaded ones keep theirs
    std::set<std::string> m_pinned;
};

}  // namespace larder
