#include "ui/engine_model.h"

#include <QDateTime>
#include <QThread>
#include <utility>

namespace larder::ui {

namespace {
constexpr int kBetweenChangesMs = 100;
constexpr int kBetweenSamplesMs = 1000;
}  // namespace

// Lives on the GUI thread, held by whoever may still knock. queued stays set from a ping until the model took the snapshot
// that includes it: a thousand pings in 100 ms cost one event.
struct EngineModel::Door : QObject {
    EngineModel* model = nullptr;  // GUI thread only
    std::atomic<bool> queued{false};

    static std::shared_ptr<Door> make(EngineModel* model) {
        std::shared_ptr<Door> door(new Door, [](Door* gone) {
            if (gone->thread() == QThread::currentThread()) {
                delete gone;
            } else {
                gone->deleteLater();
            }
        });
        door->model = model;
        return door;
    }

    void ping() {
        if (queued.exchange(true)) return;
        QMetaObject::invokeMethod(this, [this] { arrived(); }, Qt::QueuedConnection);
    }

    void arrived() {
        if (!model) return;
        if (model->m_coalesce.isActive()) {
            model->m_again = true;
        } else {
            model->refresh();
        }
    }
};

void postToGui(const std::shared_ptr<void>& door, std::function<void()> function) {
    auto* opened = static_cast<EngineModel::Door*>(door.get());
    QMetaObject::invokeMethod(
        opened,
        [opened, function = std::move(function)] {
            if (opened->model) function();
        },
        Qt::QueuedConnection);
}

EngineModel::EngineModel(const MakeService& make, QObject* parent) : QObject(parent), m_door(Door::make(this)) {
    m_coalesce.setSingleShot(true);
    m_coalesce.setTimerType(Qt::PreciseTimer);
    m_coalesce.setInterval(kBetweenChangesMs);
    connect(&m_coalesce, &QTimer::timeout, this, [this] {
        if (std::exchange(m_again, false)) refresh();
    });
    m_sampling.setInterval(kBetweenSamplesMs);
    connect(&m_sampling, &QTimer::timeout, this, &EngineModel::sample);

    m_service = make([door = m_door] { door->ping(); });
    m_snapshot = m_service->snapshot();
    sampleWhileNeeded();
}

EngineModel::~EngineModel() {
    m_door->model = nullptr;
    m_service.reset();  // its threads may knock until here
}

void EngineModel::refresh() {
    m_door->queued = false;  // before the look: what changes after it knocks again
    m_snapshot = m_service->snapshot();
    m_coalesce.start();
    sampleWhileNeeded();
    Q_EMIT changed();
}

void EngineModel::setWatched(bool watched) {
    if (std::exchange(m_watched, watched) == watched) return;
    if (watched) sample();
    sampleWhileNeeded();
}

void EngineModel::sample() {
    m_snapshot = m_service->snapshot();
    m_history.add(m_snapshot, QDateTime::currentMSecsSinceEpoch());
    sampleWhileNeeded();
    if (m_coalesce.isActive()) {
        m_again = true;
    } else {
        m_coalesce.start();
        Q_EMIT changed();
    }
}

void EngineModel::sampleAt(std::int64_t unixMs) {
    m_snapshot = m_service->snapshot();
    m_history.add(m_snapshot, unixMs);
    Q_EMIT changed();
}

// Unwatched it goes on for one second after the last answer, so that the charts fall to zero where they should.
void EngineModel::sampleWhileNeeded() {
    const bool busy = m_snapshot.engine.runningSequences > 0;
    const Sample last = m_history.size() > 0 ? m_history.at(m_history.size() - 1) : Sample{};
    const bool falling = last.prefillTokensPerSecond > 0 || last.decodeTokensPerSecond > 0;
    const bool needed = m_watched || busy || (m_sampling.isActive() && falling);
    if (needed == m_sampling.isActive()) return;
    if (needed) {
        m_history.add(m_snapshot, QDateTime::currentMSecsSinceEpoch());
        m_sampling.start();
    } else {
        m_sampling.stop();
    }
}

}  // namespace larder::ui
