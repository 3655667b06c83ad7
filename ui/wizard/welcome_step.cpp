#include "ui/wizard/welcome_step.h"

#include <QHBoxLayout>
#include <QWizard>

#include "ui/look.h"
#include "ui/widgets/note_label.h"

namespace larder::ui {

WelcomeStep::WelcomeStep(const Settings& draft, QWidget* parent)
    : Step(tr("Welcome to Larder"), tr("Language models on your own computer, served to your coding agents."), parent),
      m_draft(draft) {
    const Look& look = Look::instance();
    const QStringList points{
        tr("Runs a language model here: no account, and nothing you write leaves this computer."),
        tr("Works on the processor alone: no graphics card is needed."),
        tr("Speaks the OpenAI protocol at an address of yours; start and stop it from the tray."),
    };
    for (const QString& point : points) {
        auto* text = new QLabel(QStringLiteral("\u2022  ") + point);
        text->setWordWrap(true);
        text->setTextFormat(Qt::PlainText);
        body()->addWidget(text);
    }
    body()->addSpacing(look.space(2));
    m_where = new NoteLabel;
    body()->addWidget(m_where);
    setButtonText(QWizard::NextButton, tr("&Get started"));
}

void WelcomeStep::initializePage() {
    m_where->set(
        tr("Settings and logs are kept in %1, models in %2. The next page lets you choose other folders.")
            .arg(QString::fromStdString(m_draft.baseDir.string()), QString::fromStdString(m_draft.modelDir.string())));
}

}  // namespace larder::ui
