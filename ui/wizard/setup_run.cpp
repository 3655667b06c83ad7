#include "ui/wizard/setup_run.h"

#include <utility>

namespace larder::ui {

SetupRun::SetupRun(EngineModel& model, SetupPlan plan, QObject* parent)
    : QObject(parent), m_model(model), m_plan(std::move(plan)) {}

void SetupRun::start() {
    if (m_plan.lookUp && !m_plan.download) lookUp();
    else save();
}

void SetupRun::lookUp() {
    const ModelReference& wanted = *m_plan.lookUp;
    Q_EMIT progress(tr("Looking up %1 ...").arg(QString::fromStdString(wanted.repository)));
    m_model.service().listRepository(
        wanted.repository, wanted.revision, m_model.reply<Repository>(this, [this](Expected<Repository> found) {
            if (!found.ok()) {
                Q_EMIT lookUpFailed(QString::fromStdString(found.error().message));
                return;
            }
            auto choice = chooseDownload(*found, *m_plan.lookUp);
            if (!choice.ok()) {
                Q_EMIT lookUpFailed(QString::fromStdString(choice.error().message));
            } else if (!choice->problem.empty()) {
                Q_EMIT lookUpFailed(QString::fromStdString(choice->problem));
            } else {
                m_plan.download = SetupPlan::Download{std::move(*found), std::move(*choice)};
                save();
            }
        }));
}

void SetupRun::save() {
    Q_EMIT progress(tr("Storing the settings ..."));
    const Settings before = m_model.snapshot().settings;
    m_model.service().saveSettings(m_plan.settings, m_model.reply<void>(this, [this, before](Expected<void> saved) {
        if (saved.ok()) finish(before);
        else Q_EMIT saveFailed(QString::fromStdString(saved.error().message));
    }));
}

void SetupRun::finish(const Settings& before) {
    Service& service = m_model.service();
    if (m_plan.download) service.startDownload(m_plan.download->repository, m_plan.download->choice);
    const ServerState state = service.snapshot().server;
    const bool runs = state == ServerState::Running || state == ServerState::Starting;
    if (runs && (needsServerRestart(before, m_plan.settings) || m_plan.keyRenewed)) service.restartServer();
    else if (!runs) service.startServer();
    Q_EMIT done();
}

}  // namespace larder::ui
