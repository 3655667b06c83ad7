#include "ui/wizard/access_step.h"

#include "ui/widgets/form_row.h"

namespace larder::ui {

AccessStep::AccessStep(EngineModel& model, Settings& draft, QWidget* parent)
    : Step(tr("Access"), tr("Programs on this computer reach Larder at an address with this port."), parent),
      m_model(model),
      m_draft(draft),
      m_port(new PortField),
      m_require(new QCheckBox(tr("&Ask for an API key"))),
      m_requireNote(new NoteLabel),
      m_key(new KeyField(model)),
      m_elsewhere(new NoteLabel) {
    body()->addWidget(new FormRow(tr("&Port"), m_port, tr("%1 unless you have a reason.").arg(Settings{}.port)));
    auto* asks = new QWidget;
    auto* column = new QVBoxLayout(asks);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_require);
    column->addWidget(m_requireNote);
    column->addWidget(m_key);
    column->addWidget(m_elsewhere);
    body()->addWidget(asks);
    connect(m_port, &PortField::checked, this, &QWizardPage::completeChanged);
    connect(m_port, &PortField::edited, this, &QWizardPage::completeChanged);
    connect(m_require, &QCheckBox::toggled, this, [this] {
        showKeyState();
        Q_EMIT completeChanged();
    });
    connect(m_key, &KeyField::renewed, this, [this] { m_keyRenewed = true; });
    connect(&m_model, &EngineModel::changed, this, [this] { m_port->setRunning(m_model.snapshot()); });
}

void AccessStep::initializePage() {
    if (!m_shown) {
        m_port->setHost(m_draft.host);
        m_port->setRunning(m_model.snapshot());
        if (m_draft.port == 0) m_port->allowAnyPort();
        m_port->setPort(m_draft.port);
        m_require->setChecked(m_draft.requireApiKey);
        m_shown = true;
    }
    showKeyState();
}

// A key is made on the first visit; an existing one, or a folder that does not exist yet, is left alone.
void AccessStep::showKeyState() {
    const Settings& stored = m_model.snapshot().settings;
    const bool required = m_require->isChecked();
    const bool here = m_draft.baseDir == stored.baseDir;
    m_requireNote->set(required ? tr("Programs send it along; other users and web pages on this computer cannot use your models.")
                                : tr("Every program and every user of this computer can use your models."),
                       required ? Tone::Neutral : Tone::Warning);
    m_key->setVisible(required && here);
    m_elsewhere->set(required && !here ? tr("The key is made in the new folder when the server starts. You find it under "
                                            "Settings and in the tray menu.")
                                       : QString());
    m_key->setPlaceholder(tr("made when the server starts"));
    if (required && here && m_key->key().isEmpty() && !stored.setupDone) m_key->renew();
}

bool AccessStep::isComplete() const { return m_port->isGood(); }

bool AccessStep::validatePage() {
    m_port->settle();
    if (!m_port->isGood()) return false;
    m_draft.port = m_port->port();
    m_draft.requireApiKey = m_require->isChecked();
    return true;
}

}  // namespace larder::ui
