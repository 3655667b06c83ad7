// A model anywhere on Hugging Face: its ID is typed, looked up, and one of its files chosen.
#pragma once

#include <QComboBox>
#include <QLineEdit>
#include <QPushButton>
#include <QWidget>
#include <optional>

#include "ui/engine_model.h"
#include "ui/widgets/meter.h"
#include "ui/widgets/note_label.h"
#include "ui/wizard/setup_run.h"

namespace larder::ui {

class RepositoryChoice : public QWidget {
    Q_OBJECT

public:
    explicit RepositoryChoice(EngineModel& model, QWidget* parent = nullptr);

    // What is chosen and can run; nothing while it is typed, looked up or wrong.
    std::optional<SetupPlan::Download> download() const;
    QLineEdit* edit() const { return m_edit; }

signals:
    void changed();
    void used();                // the user typed: the option around it is meant

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void readReference();
    void lookUp();
    void show(Expected<Repository> found);
    void showChoice();

    EngineModel& m_model;
    QLineEdit* m_edit;
    QPushButton* m_lookUp;
    Meter* m_busy;
    QComboBox* m_choices;
    NoteLabel* m_note;
    std::optional<ModelReference> m_reference;
    std::optional<Repository> m_repository;
    std::uint64_t m_asked = 0;  // answers to earlier questions are dropped
};

}  // namespace larder::ui
