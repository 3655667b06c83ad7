#include "ui/pages/settings_page.h"

#include <QApplication>
#include <QHBoxLayout>
#include <QScrollArea>
#include <QSignalBlocker>
#include <QVBoxLayout>
#include <utility>

#include "ui/look.h"
#include "ui/pages/settings_page_cards.h"
#include "ui/widgets/banner.h"

namespace larder::ui {

SettingsPage::SettingsPage(EngineModel& model, QWidget* parent)
    : QWidget(parent),
      m_model(model),
      m_form(new SettingsForm(model.snapshot().settings, this)),
      m_restart(new Banner),
      m_appearance(QString::fromStdString(model.snapshot().settings.appearance)) {
    const Look& look = Look::instance();
    auto* content = new QWidget;
    content->setObjectName(QStringLiteral("page"));
    auto* outer = new QHBoxLayout(content);
    outer->setContentsMargins(look.space(6), look.space(6), look.space(6), look.space(6));
    auto* cards = new QWidget;  // no wider than a line that reads well
    cards->setMaximumWidth(look.space(190));
    outer->addWidget(cards, 1000);
    outer->addStretch(1);
    auto* column = new QVBoxLayout(cards);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(look.space(4));
    auto* title = new QLabel(tr("Settings"));
    title->setFont(look.titleFont());
    column->addWidget(title);
    column->addWidget(m_restart);
    m_parts = std::make_unique<SettingsParts>(makeSettingsCards(m_model, *m_form, column));
    column->addStretch(1);

    auto* scroll = new QScrollArea;
    scroll->setObjectName(QStringLiteral("pageScroll"));
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->setWidget(content);
    buildBar();
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(scroll, 1);
    layout->addWidget(m_bar);

    connect(m_form, &SettingsForm::evaluated, this, [this] {
        m_failure.clear();
        previewAppearance();
        showBar();
    });
    connect(m_restart, &Banner::actionClicked, this, [this] { m_model.service().restartServer(); });
    connect(m_parts->wizard, &QPushButton::clicked, this, &SettingsPage::wizardWanted);
    // Toggled, not clicked: screen readers toggle.
    connect(m_parts->autostart, &QCheckBox::toggled, this, [this](bool on) {
        if (m_autostart == nullptr) return;
        const Expected<void> set = m_autostart->set(on);
        showAutostart();
        m_parts->autostartRow->setProblem(set.ok() ? QString() : QString::fromStdString(set.error().message));
    });
    connect(&m_model, &EngineModel::changed, this, &SettingsPage::takeSnapshot);
    takeSnapshot();
}

SettingsPage::~SettingsPage() = default;

bool SettingsPage::hasChanges() const { return m_form->isChanged(); }

void SettingsPage::buildBar() {
    const Look& look = Look::instance();
    auto* bar = new QFrame;
    bar->setObjectName(QStringLiteral("settingsBar"));
    bar->setFrameShape(QFrame::NoFrame);
    bar->setBackgroundRole(QPalette::Base);
    bar->setAutoFillBackground(true);
    m_bar = bar;
    m_message = new NoteLabel;
    m_revert = new QPushButton(tr("&Revert"));
    m_save = new QPushButton(tr("&Save"));
    m_saveAndRestart = new QPushButton(tr("Save and res&tart"));
    auto* layout = new QVBoxLayout(bar);
    layout->setContentsMargins(look.space(6), look.space(3), look.space(6), look.space(3));
    layout->setSpacing(look.space(2));
    layout->addWidget(m_message);
    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(look.space(2));
    buttons->addStretch(1);
    for (QPushButton* button : {m_revert, m_save, m_saveAndRestart}) buttons->addWidget(button);
    layout->addLayout(buttons);
    m_bar->hide();
    connect(m_revert, &QPushButton::clicked, m_form, &SettingsForm::revert);
    connect(m_save, &QPushButton::clicked, this, [this] { save(false); });
    connect(m_saveAndRestart, &QPushButton::clicked, this, [this] { save(true); });
}

void SettingsPage::setAutostart(Autostart* autostart) {
    m_autostart = autostart;
    showAutostart();
}

void SettingsPage::showAutostart() {
    m_parts->autostartRow->setVisible(m_autostart != nullptr);
    const QSignalBlocker shown(m_parts->autostart);  // nobody asked for a change
    if (m_autostart != nullptr) m_parts->autostart->setChecked(m_autostart->enabled());
}

void SettingsPage::takeSnapshot() {
    const ServiceSnapshot& now = m_model.snapshot();
    m_parts->port->setRunning(now);
    fillDefaultModels(m_parts->defaultModel, now);
    if (now.settings != m_form->stored()) {
        m_form->setStored(now.settings);
        m_parts->token->look();
    }
    const bool waits = now.restartNeeded && now.server == ServerState::Running;
    if (waits) m_restart->show(tr("Some stored settings are used once the server starts anew."), Tone::Warning, tr("Restart now"));
    else m_restart->clear();
    showBar();
}

void SettingsPage::showBar() {
    const bool changed = m_form->isChanged();
    m_bar->setVisible(changed);
    if (!changed) return;
    const ServerState state = m_model.snapshot().server;
    const bool runs = state == ServerState::Running || state == ServerState::Starting;
    const bool restart = runs && !m_form->restartNames().isEmpty();
    const bool canSave = m_form->problem().isEmpty() && !m_saving;
    if (!m_failure.isEmpty()) m_message->set(m_failure, Tone::Bad);
    else if (!m_form->problem().isEmpty()) m_message->set(m_form->problem(), Tone::Bad);
    else if (restart)
        m_message->set(tr("Used once the server starts anew: %1.").arg(m_form->restartNames().join(QStringLiteral(", "))), Tone::Warning);
    else m_message->set(tr("Changed: %1.").arg(m_form->changedNames().join(QStringLiteral(", "))));
    m_revert->setEnabled(!m_saving);
    m_save->setEnabled(canSave);
    m_saveAndRestart->setEnabled(canSave);
    m_saveAndRestart->setVisible(restart);
    if (m_save->property("primary") != QVariant(!restart)) {
        for (QPushButton* button : {m_save, m_saveAndRestart}) {
            button->setProperty("primary", button == m_save ? !restart : restart);
            button->style()->unpolish(button);
            button->style()->polish(button);
        }
    }
}

void SettingsPage::save(bool restart) {
    m_form->read();
    if (m_saving || !m_form->isChanged() || !m_form->problem().isEmpty()) return;
    m_saving = true;
    showBar();
    const Settings wanted = m_form->edited();
    m_model.service().saveSettings(wanted, m_model.reply<void>(this, [this, restart](Expected<void> saved) {
        m_saving = false;
        if (!saved.ok()) {
            m_failure = QString::fromStdString(saved.error().message);
        } else {
            m_model.refresh();
            if (restart) m_model.service().restartServer();
        }
        showBar();
    }));
}

// The appearance is seen while it is chosen, and goes back with Revert.
void SettingsPage::previewAppearance() {
    const QString chosen = m_parts->appearance->currentData().toString();
    if (std::exchange(m_appearance, chosen) != chosen) Look::instance().setAppearance(chosen);
}

}  // namespace larder::ui
