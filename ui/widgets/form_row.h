// One field of a form: its name above, the editor, and below a hint that gives way to what is wrong. A check box carries its
// name itself: then label is empty.
#pragma once

#include <QLabel>
#include <QWidget>

#include "ui/widgets/note_label.h"

namespace larder::ui {

class FormRow : public QWidget {
    Q_OBJECT

public:
    FormRow(const QString& label, QWidget* editor, const QString& hint = {}, QWidget* parent = nullptr);

    QWidget* editor() const { return m_editor; }
    void setHint(const QString& hint);
    void setProblem(const QString& problem);   // empty: the hint is shown again
    QString problem() const { return m_problem; }

private:
    void showNote();
    QWidget* m_editor;
    NoteLabel* m_note;
    QString m_hint;
    QString m_problem;
};

// A spin box or combo in a page that scrolls takes the wheel only while it has the focus: scrolling must not change values.
void guardWheel(QWidget* editor);

}  // namespace larder::ui
