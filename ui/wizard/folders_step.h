// Page 2: where Larder keeps its own files, and where models go.
#pragma once

#include "engine/settings.h"
#include "ui/widgets/folder_field.h"
#include "ui/wizard/step.h"

namespace larder::ui {

class FoldersStep : public Step {
    Q_OBJECT

public:
    FoldersStep(EngineModel& model, Settings& draft, QWidget* parent = nullptr);

    void cleanupPage() override {}      // Back keeps what was typed
    bool isComplete() const override;
    bool validatePage() override;

private:
    void followBase();                  // the model folder goes along until the user gives it a place of its own

    Settings& m_draft;
    FolderField* m_base;
    FolderField* m_models;
    bool m_modelsFollow = false;
};

}  // namespace larder::ui
