// The server at a glance: its state in words and colour, start and stop, and what a client needs to reach it: address, API
// key, and a command to try. GUI thread only.
#pragma once

#include "ui/engine_model.h"
#include "ui/widgets/card.h"

class QGridLayout;
class QLineEdit;
class QPushButton;

namespace larder::ui {

class Badge;
class Meter;
class TextLabel;

class ServerCard : public Card {
    Q_OBJECT

public:
    explicit ServerCard(EngineModel& model, QWidget* parent = nullptr);

    void refresh();

signals:
    void settingsWanted();

private:
    // A value to read or copy: "Address  http://...  [Copy]".
    struct Row {
        QWidget* label = nullptr;
        QLineEdit* value = nullptr;
        QPushButton* copy = nullptr;
        QString copied;                  // what Copy copies; the shown text may hide the key
        void show(const QString& shown, const QString& toCopy);
        void setVisible(bool visible);
    };
    void buildTop();
    void buildRows();
    Row buildRow(QGridLayout* grid, int columns, const QString& name, const QString& copyName);
    void toggleServer();
    void refreshState();
    void refreshProgress();
    void refreshRows();
    void refreshMachine();

    EngineModel& m_model;
    QWidget* m_light;
    TextLabel* m_headline;
    TextLabel* m_detail;
    QPushButton* m_settings;
    QPushButton* m_toggle;
    Meter* m_progress;
    Row m_address;
    Row m_key;
    Row m_try;
    QPushButton* m_reveal;
    TextLabel* m_machine;
};

}  // namespace larder::ui
