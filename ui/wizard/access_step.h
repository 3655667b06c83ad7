// Page 3: the port, and whether an API key is asked for.
#pragma once

#include <QCheckBox>

#include "ui/engine_model.h"
#include "ui/widgets/key_field.h"
#include "ui/widgets/port_field.h"
#include "ui/wizard/step.h"

namespace larder::ui {

class AccessStep : public Step {
    Q_OBJECT

public:
    AccessStep(EngineModel& model, Settings& draft, QWidget* parent = nullptr);

    void initializePage() override;
    void cleanupPage() override {}
    bool isComplete() const override;
    bool validatePage() override;

    bool keyRenewed() const { return m_keyRenewed; }

private:
    void showKeyState();

    EngineModel& m_model;
    Settings& m_draft;
    PortField* m_port;
    QCheckBox* m_require;
    NoteLabel* m_requireNote;
    KeyField* m_key;
    NoteLabel* m_elsewhere;   // the key of a base folder that is only now chosen is made at the end
    bool m_shown = false;
    bool m_keyRenewed = false;
};

}  // namespace larder::ui
