#include "ui/widgets/badge.h"

#include <QStyle>

namespace larder::ui {

Badge::Badge(QWidget* parent) : QLabel(parent) {
    setTextFormat(Qt::PlainText);
    setFont(Look::instance().smallFont());
    setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Fixed);
    setProperty("tone", 0);
    hide();
}

void Badge::set(const QString& text, Tone tone) {
    if (tone != m_tone) {
        m_tone = tone;
        restyle();
    }
    if (text != this->text()) setText(text);
    if (parentWidget()) {
        setVisible(!text.isEmpty());
    } else {  // no window of its own: it appears where it is put
        setAttribute(Qt::WA_WState_ExplicitShowHide, text.isEmpty());
    }
}

// The style sheet has a rule for each tone; it looks at properties only when asked.
void Badge::restyle() {
    setProperty("tone", static_cast<int>(m_tone));
    style()->unpolish(this);
    style()->polish(this);
}

}  // namespace larder::ui
