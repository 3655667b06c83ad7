// A folder the user types or picks, looked at while typing: how much is free there, or what is wrong in words.
#pragma once

#include <QLineEdit>
#include <QPushButton>
#include <QTimer>
#include <QWidget>
#include <filesystem>

#include "engine/machine.h"
#include "ui/engine_model.h"
#include "ui/widgets/note_label.h"

namespace larder::ui {

class FolderField : public QWidget {
    Q_OBJECT

public:
    // name: what the folder is, for the dialog and screen readers: "Model folder".
    FolderField(EngineModel& model, const QString& name, QWidget* parent = nullptr);

    void setPath(const std::filesystem::path& path);   // looks at it without waiting for more typing
    std::filesystem::path path() const;                // "~" expanded, absolute; empty while nothing is typed
    void setReadOnly(const QString& why);              // shown below instead of the check

    bool isGood() const { return m_good; }             // looked at, and nothing wrong
    QString problem() const { return m_problem; }
    QLineEdit* edit() const { return m_edit; }

signals:
    void edited();                                     // by the user; the check follows
    void checked();

private:
    void browse();
    void check();                                      // asks the service; the answer comes later
    void show(const FolderCheck& found);
    // While the text differs from what was looked at, the field is neither good nor bad.
    void await();

    EngineModel& m_model;
    QString m_name;
    QLineEdit* m_edit;
    QPushButton* m_browse;
    NoteLabel* m_note;
    QTimer m_debounce;
    std::uint64_t m_turn = 0;                          // of the latest look; older answers are dropped
    bool m_good = false;
    QString m_problem;
};

}  // namespace larder::ui
