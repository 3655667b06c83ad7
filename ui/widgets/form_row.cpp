#include "ui/widgets/form_row.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QVBoxLayout>

namespace larder::ui {
namespace {

class WheelGuard : public QObject {
public:
    using QObject::QObject;

    bool eventFilter(QObject* watched, QEvent* event) override {
        const auto* widget = qobject_cast<QWidget*>(watched);
        if (event->type() != QEvent::Wheel || widget == nullptr || widget->hasFocus()) return false;
        event->ignore();  // goes on to the scroll area
        return true;
    }
};

}  // namespace

void guardWheel(QWidget* editor) {
    editor->setFocusPolicy(Qt::StrongFocus);
    editor->installEventFilter(new WheelGuard(editor));
}

FormRow::FormRow(const QString& label, QWidget* editor, const QString& hint, QWidget* parent)
    : QWidget(parent), m_editor(editor), m_note(new NoteLabel), m_hint(hint) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(Look::instance().space(1));
    if (!label.isEmpty()) {
        auto* name = new QLabel(label);
        name->setTextFormat(Qt::PlainText);
        name->setWordWrap(true);
        name->setBuddy(editor);
        editor->setAccessibleName(label);
        layout->addWidget(name);
    }
    if (editor->maximumWidth() < QWIDGETSIZE_MAX) {  // begins where the others begin; alone it would be centred
        auto* line = new QHBoxLayout;
        line->addWidget(editor, 1000);
        line->addStretch(1);
        layout->addLayout(line);
    } else {
        layout->addWidget(editor);
    }
    layout->addWidget(m_note);
    showNote();
}

void FormRow::setHint(const QString& hint) {
    m_hint = hint;
    showNote();
}

void FormRow::setProblem(const QString& problem) {
    m_problem = problem;
    showNote();
}

void FormRow::showNote() {
    if (m_problem.isEmpty()) m_note->set(m_hint);
    else m_note->set(m_problem, Tone::Bad);
    m_editor->setAccessibleDescription(m_note->text());
}

}  // namespace larder::ui
