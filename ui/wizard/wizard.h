// First start, in four pages: welcome; folders; port and key; first model -> "Start server". Can be run again: then it shows
// what is set. Nothing is written before the last page is accepted, but the key. GUI thread only.
#pragma once

#include <QWizard>

#include "ui/engine_model.h"

namespace larder::ui {

class AccessStep;
class FoldersStep;
class ModelStep;
class SetupRun;
class StepList;

class Wizard : public QWizard {
    Q_OBJECT

public:
    explicit Wizard(EngineModel& model, QWidget* parent = nullptr);

    void accept() override;   // "Start server": carries everything out, then closes

signals:
    // Accepted: the settings are stored with setupDone, the download (if one was chosen) is queued, the server starts.
    void finishedSetup();

private:
    void carryOut(bool withModel);
    void setBusy(bool busy);

    EngineModel& m_model;
    Settings m_draft;         // what the pages have so far, over the stored settings
    StepList* m_steps;
    FoldersStep* m_folders;
    AccessStep* m_access;
    ModelStep* m_first;
    SetupRun* m_run = nullptr;
    bool m_done = false;
};

}  // namespace larder::ui
