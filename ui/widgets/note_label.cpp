#include "ui/widgets/note_label.h"

namespace larder::ui {

NoteLabel::NoteLabel(QWidget* parent) : QLabel(parent) {
    setWordWrap(true);
    setTextFormat(Qt::PlainText);
    setTextInteractionFlags(Qt::TextSelectableByMouse);
    setFocusPolicy(Qt::NoFocus);
    connect(&Look::instance(), &Look::changed, this, &NoteLabel::restyle);
    restyle();
    hide();
}

void NoteLabel::set(const QString& sentence, Tone tone) {
    if (sentence != text()) setText(sentence);
    if (tone != m_tone) {
        m_tone = tone;
        restyle();
    }
    setVisible(!sentence.isEmpty());
}

void NoteLabel::restyle() {
    const Look& look = Look::instance();
    setFont(look.smallFont());
    // By style sheet: a palette is lost where an ancestor is polished later (the wizard's pages).
    const QColor colour = m_tone == Tone::Neutral ? look.color(Look::Role::MutedText) : look.color(m_tone);
    setStyleSheet(QStringLiteral("color: %1;").arg(colour.name()));
}

}  // namespace larder::ui
