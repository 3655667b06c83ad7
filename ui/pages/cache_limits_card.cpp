#include "ui/pages/cache_limits_card.h"

#include <QHBoxLayout>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/pages/settings_page_fields.h"
#include "ui/status_text.h"
#include "ui/widgets/note_label.h"

namespace larder::ui {

CacheLimitsCard::CacheLimitsCard(EngineModel& model, QWidget* parent)
    : Card(tr("Limits"), parent), m_model(model), m_form(new SettingsForm(model.snapshot().settings, this)) {
    setObjectName(QStringLiteral("cacheLimits"));
    body()->setSpacing(Look::instance().space(4));
    buildFields();
    buildButtons();
    connect(m_form, &SettingsForm::evaluated, this, [this] {
        m_failure.clear();
        showButtons();
    });
    refresh();
}

void CacheLimitsCard::buildFields() {
    SettingsFields fields(*m_form, body());
    fields.size({tr("Prompt cache on the disk"),
                 tr("A size such as 20G; 0 keeps nothing there. Automatic: 20 GB, or a tenth of the free space where that is less."),
                 tr("automatic")},
                &Settings::coldCacheBytes);
    fields.compression({tr("Compression on the disk"), tr("Of what is written from now on. The content stays the same to the bit.")},
                       &Settings::coldCompression);
    fields.gigabytes({tr("Written a day at most"),
                      tr("Spares the disk. Past it, until midnight UTC, only pinned prefixes and those used twice are written."), tr("no limit")},
                     &Settings::coldBytesPerDay);
    fields.gigabytes({tr("Left free on the disk"), tr("Nothing is written where less would be left to other programs."), tr("nothing")},
                     &Settings::coldFloorBytes);
    fields.size({tr("Prompt cache in memory"), tr("A size such as 4G. Running answers live in it too."), tr("automatic")},
                &Settings::hotCacheBytes);
}

void CacheLimitsCard::buildButtons() {
    const Look& look = Look::instance();
    m_buttons = new QWidget;
    m_buttons->setObjectName(QStringLiteral("limitButtons"));
    m_message = new NoteLabel;
    m_revert = new QPushButton(tr("&Revert"));
    m_revert->setObjectName(QStringLiteral("revertLimits"));
    m_save = new QPushButton(tr("&Save"));
    m_save->setObjectName(QStringLiteral("saveLimits"));
    m_save->setProperty("primary", true);
    auto* column = new QVBoxLayout(m_buttons);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(look.space(2));
    column->addWidget(m_message);
    auto* row = new QHBoxLayout;
    row->setSpacing(look.space(2));
    row->addWidget(m_revert);
    row->addWidget(m_save);
    row->addStretch(1);
    column->addLayout(row);
    body()->addWidget(m_buttons);
    connect(m_revert, &QPushButton::clicked, m_form, &SettingsForm::revert);
    connect(m_save, &QPushButton::clicked, this, &CacheLimitsCard::save);
}

void CacheLimitsCard::refresh() {
    const ServiceSnapshot& now = m_model.snapshot();
    if (now.settings != m_form->stored()) m_form->setStored(now.settings);
    showButtons();
}

void CacheLimitsCard::showButtons() {
    const bool changed = m_form->isChanged();
    m_buttons->setVisible(changed);
    if (!changed) return;
    const ServerState state = m_model.snapshot().server;
    const bool runs = state == ServerState::Running || state == ServerState::Starting;
    if (!m_failure.isEmpty()) m_message->set(m_failure, Tone::Bad);
    else if (!m_form->problem().isEmpty()) m_message->set(m_form->problem(), Tone::Bad);
    else if (runs && !m_form->restartNames().isEmpty())
        m_message->set(tr("Used once the server starts anew: %1.").arg(m_form->restartNames().join(QStringLiteral(", "))), Tone::Warning);
    else m_message->set(tr("Changed: %1.").arg(m_form->changedNames().join(QStringLiteral(", "))));
    m_revert->setEnabled(!m_saving);
    m_save->setEnabled(m_form->problem().isEmpty() && !m_saving);
}

void CacheLimitsCard::save() {
    m_form->read();
    if (m_saving || !m_form->isChanged() || !m_form->problem().isEmpty()) return;
    m_saving = true;
    showButtons();
    m_model.service().saveSettings(m_form->edited(), m_model.reply<void>(this, [this](const Expected<void>& saved) {
        m_saving = false;
        if (saved.ok()) {
            m_model.refresh();
        } else {
            m_failure = StatusText::sentence(saved.error().message);
            m_form->blame(m_failure);
        }
        showButtons();
    }));
}

}  // namespace larder::ui
