// How other programs reach the server, to copy: one tab a language. GUI thread only.
#pragma once

#include <QString>
#include <QVector>

#include "engine/agents.h"
#include "ui/widgets/card.h"

class QPlainTextEdit;
class QPushButton;
class QTabWidget;

namespace larder::ui {

class SnippetsCard : public Card {
    Q_OBJECT

public:
    explicit SnippetsCard(QWidget* parent = nullptr);
    void show(const AgentServer& server, const std::string& model);

private:
    QPlainTextEdit* editAt(int number, const QString& title);
    void nameCopy();
    void fitHeight();

    QTabWidget* m_tabs;
    QPushButton* m_copy;
};

}  // namespace larder::ui
