// What the service shows: the snapshot, put together from what its control thread wrote last and the engine's own status,
// and whom to tell that there is something new. look(), changed(), figuresAreOld(): any thread; the rest: control thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "engine/base/snapshot.h"
#include "engine/service.h"

namespace larder {

class ServiceBoard {
public:
    ServiceBoard(const Settings& settings, std::function<void()> changed);

    ServiceSnapshot look() const;
    void changed() const {
        if (m_changed) m_changed();
    }
    bool figuresAreOld() const;  // taken more than two seconds ago

    // write: changes a copy of the snapshot (not its engine), which is then shown.
    void show(const std::function<void(ServiceSnapshot&)>& write);
    // Where the engine's status, the totals of all time and the requests come from, and what the server had to do without.
    void showEngine(std::function<EngineStatus()> source, UsageTotalsSource totals, RequestListSource requests, std::string warning);
    void hideEngine();                 // the totals stay as they were last
    void notice(Notice::Kind kind, const std::string& text);
    void takeFigures();  // asks the system; tells nobody: who looks, looks again

    const Settings& settings() const { return m_settings; }  // as stored
    void setSettings(const Settings& settings);

private:
    struct Shown {
        ServiceSnapshot snapshot;
        std::function<EngineStatus()> engine;
        UsageTotalsSource totals;
        RequestListSource requests;
        std::string warning;
    };
    struct Figures {
        Machine machine;
        std::uint64_t processMemoryBytes = 0;
        std::uint64_t modelFolderFreeBytes = 0;
    };

    const std::function<void()> m_changed;
    Settings m_settings;               // control thread's own copy
    std::uint64_t m_lastNotice = 0;
    base::Snapshot<Shown> m_shown;
    base::Snapshot<Figures> m_figures;
    std::atomic<std::int64_t> m_figuresMs{0};
};

}  // namespace larder
