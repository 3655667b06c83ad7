// On which model and in which folder agents are started: chosen once for all of them. GUI thread only.
#pragma once

#include <QString>
#include <string>

#include "engine/agents.h"
#include "ui/widgets/card.h"

class QComboBox;
class QLineEdit;
class QPushButton;

namespace larder::ui {

class AgentChoices : public Card {
    Q_OBJECT

public:
    explicit AgentChoices(QWidget* parent = nullptr);

    void showModels(const AgentServer& server);  // in its order; what the user chose stays chosen
    std::string model() const;
    QString folder() const;
    QWidget* lastField() const;                  // for the order of the keyboard

signals:
    void chosen();           // by the user, or because the model that was chosen is gone

private:
    void chooseFolder();

    QComboBox* m_models;
    QLineEdit* m_folder;
    QPushButton* m_choose;
};

}  // namespace larder::ui
