// Everything in settings.json as a form: checked while typed, stored with Save, put back with Revert; says which changes wait
// for a restart of the server. What is not being edited follows the stored settings. GUI thread only.
#pragma once

#include <QLabel>
#include <QPushButton>
#include <QWidget>
#include <memory>

#include "ui/autostart.h"
#include "ui/engine_model.h"

class QComboBox;

namespace larder::ui {

class Banner;
class NoteLabel;
class SettingsForm;
struct SettingsParts;

class SettingsPage : public QWidget {
    Q_OBJECT

public:
    explicit SettingsPage(EngineModel& model, QWidget* parent = nullptr);
    ~SettingsPage() override;

    // Start at login; hidden without one. Not owned, must outlive the page.
    void setAutostart(Autostart* autostart);

    // Whether something typed here is not stored yet.
    bool hasChanges() const;

signals:
    void wizardWanted();

private:
    void buildBar();
    void takeSnapshot();
    void showBar();
    void save(bool restart);
    void previewAppearance();
    void showAutostart();

    EngineModel& m_model;
    SettingsForm* m_form;
    std::unique_ptr<SettingsParts> m_parts;
    Autostart* m_autostart = nullptr;
    Banner* m_restart;
    QWidget* m_bar;
    NoteLabel* m_message;
    QPushButton* m_revert;
    QPushButton* m_save;
    QPushButton* m_saveAndRestart;
    QString m_appearance;      // as shown last
    QString m_failure;         // why the last Save failed; until something is edited
    bool m_saving = false;
};

}  // namespace larder::ui
