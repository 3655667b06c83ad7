// The bridge between the service's threads and the window: holds the latest snapshot and tells, at most every 100 ms, that
// there is a newer one. Widgets connect to changed() and read what they show from snapshot(); nothing else crosses.
// GUI thread only, but for ping().
#pragma once

#include <QObject>
#include <QTimer>
#include <atomic>
#include <functional>
#include <memory>

#include "engine/service.h"
#include "ui/history.h"

namespace larder::ui {

class EngineModel : public QObject {
    Q_OBJECT

public:
    // make gets what the service is to call when something changed. The service lives and dies with this object.
    using MakeService = std::function<std::unique_ptr<Service>(std::function<void()> changed)>;
    explicit EngineModel(const MakeService& make, QObject* parent = nullptr);
    ~EngineModel() override;

    const ServiceSnapshot& snapshot() const { return m_snapshot; }
    const History& history() const { return m_history; }
    Service& service() { return *m_service; }

    // Wraps a reply so that it runs on the GUI thread, and not at all once context is gone.
    template <class T>
    Reply<T> reply(QObject* context, std::function<void(Expected<T>)> handle);

    // Takes a new snapshot now (tests, screenshots).
    void refresh();

    // The same, with a sample for the charts as of that time (pictures, benches).
    void sampleAt(std::int64_t unixMs);

    // The window is visible: figures are sampled every second for the charts. Hidden and idle, nothing wakes up.
    void setWatched(bool watched);

signals:
    void changed();

private:
    struct Door;  // what the service's threads hold: outlives this object, lets nothing through after it is gone
    friend void postToGui(const std::shared_ptr<void>& door, std::function<void()> function);
    void sample();
    void sampleWhileNeeded();

    std::shared_ptr<Door> m_door;
    std::unique_ptr<Service> m_service;
    ServiceSnapshot m_snapshot;
    History m_history;
    QTimer m_coalesce{this};   // runs while a change was shown less than 100 ms ago
    QTimer m_sampling{this};
    bool m_again = false;
    bool m_watched = false;
};

}  // namespace larder::ui

#include "ui/engine_model_reply.h"
