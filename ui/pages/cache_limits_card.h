// What the prompt cache may take: memory, disk, bytes written a day; a small form of its own over the stored settings, with
// buttons that appear when something was changed. GUI thread only.
#pragma once

#include "ui/engine_model.h"
#include "ui/widgets/card.h"

class QPushButton;

namespace larder::ui {

class NoteLabel;
class SettingsForm;

class CacheLimitsCard : public Card {
    Q_OBJECT

public:
    explicit CacheLimitsCard(EngineModel& model, QWidget* parent = nullptr);
    void refresh();        // the stored settings, the state of the server

private:
    void buildFields();
    void buildButtons();
    void showButtons();
    void save();

    EngineModel& m_model;
    SettingsForm* m_form;
    QWidget* m_buttons;
    NoteLabel* m_message;
    QPushButton* m_revert;
    QPushButton* m_save;
    QString m_failure;     // why the last Save failed, where no field says it; until something is edited
    bool m_saving = false;
};

}  // namespace larder::ui
