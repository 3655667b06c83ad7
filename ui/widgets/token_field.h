// The Hugging Face token: written, never read back. Says whether there is one; stored and removed at once.
#pragma once

#include <QLineEdit>
#include <QPushButton>
#include <QWidget>

#include "ui/engine_model.h"
#include "ui/widgets/note_label.h"

namespace larder::ui {

class TokenField : public QWidget {
    Q_OBJECT

public:
    explicit TokenField(EngineModel& model, QWidget* parent = nullptr);
    void look();               // whether there is a token now

private:
    void store(const QString& token);

    EngineModel& m_model;
    QLineEdit* m_edit;
    QPushButton* m_store;
    QPushButton* m_remove;
    NoteLabel* m_note;
    bool m_busy = false;
};

}  // namespace larder::ui
