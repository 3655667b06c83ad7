#include "ui/widgets/banner.h"

#include <QHBoxLayout>
#include <QStyle>

namespace larder::ui {

Banner::Banner(QWidget* parent) : QFrame(parent), m_text(new QLabel(this)), m_action(new QPushButton(this)) {
    const Look& look = Look::instance();
    m_text->setTextFormat(Qt::PlainText);
    m_text->setWordWrap(true);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_action->hide();
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(look.space(4), look.space(2), look.space(2), look.space(2));
    row->setSpacing(look.space(3));
    row->addWidget(m_text, 1);
    row->addWidget(m_action, 0, Qt::AlignVCenter);
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Maximum);
    connect(m_action, &QPushButton::clicked, this, &Banner::actionClicked);
    restyle();
    hide();
}

void Banner::show(const QString& sentence, Tone tone, const QString& action) {
    if (tone != m_tone) {
        m_tone = tone;
        restyle();
    }
    if (sentence != m_text->text()) {
        m_text->setText(sentence);
        setAccessibleName(sentence);
    }
    if (action != m_action->text()) m_action->setText(action);
    m_action->setVisible(!action.isEmpty());
    if (parentWidget()) {
        setVisible(!sentence.isEmpty());
    } else {  // no window of its own: it appears where it is put
        setAttribute(Qt::WA_WState_ExplicitShowHide, sentence.isEmpty());
    }
}

void Banner::clear() { show(QString(), Tone::Neutral); }

void Banner::restyle() {
    setProperty("tone", static_cast<int>(m_tone));
    style()->unpolish(this);
    style()->polish(this);
}

}  // namespace larder::ui
