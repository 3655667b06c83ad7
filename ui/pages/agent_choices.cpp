#include "ui/pages/agent_choices.h"

#include <QComboBox>
#include <QDir>
#include <QGridLayout>
#include <QLineEdit>
#include <QPushButton>
#include <algorithm>

#include "ui/ask.h"
#include "ui/pages/text_label.h"
#include "ui/status_text.h"
#include "ui/widgets/form_row.h"

namespace larder::ui {

AgentChoices::AgentChoices(QWidget* parent)
    : Card(tr("Start on"), parent), m_models(new QComboBox), m_folder(new QLineEdit(QDir::homePath())), m_choose(new QPushButton(tr("Choose ..."))) {
    m_models->setObjectName(QStringLiteral("agentModel"));
    m_models->setAccessibleName(tr("Model"));
    m_models->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_models->setMinimumContentsLength(12);
    guardWheel(m_models);
    m_folder->setObjectName(QStringLiteral("agentFolder"));
    m_folder->setAccessibleName(tr("Folder to work in"));
    m_folder->setReadOnly(true);
    m_choose->setObjectName(QStringLiteral("chooseFolder"));
    m_choose->setAccessibleName(tr("Choose the folder to work in"));
    auto* grid = new QGridLayout;
    grid->setColumnStretch(1, 1);
    grid->addWidget(new TextLabel(TextLabel::Style::Muted, tr("Model")), 0, 0);
    grid->addWidget(m_models, 0, 1, 1, 2);
    grid->addWidget(new TextLabel(TextLabel::Style::Muted, tr("Folder")), 1, 0);
    grid->addWidget(m_folder, 1, 1);
    grid->addWidget(m_choose, 1, 2);
    body()->addLayout(grid);
    connect(m_models, &QComboBox::activated, this, &AgentChoices::chosen);
    connect(m_choose, &QPushButton::clicked, this, &AgentChoices::chooseFolder);
}

std::string AgentChoices::model() const { return m_models->currentData().toString().toStdString(); }

QString AgentChoices::folder() const { return m_folder->text(); }

QWidget* AgentChoices::lastField() const { return m_choose; }

void AgentChoices::showModels(const AgentServer& server) {
    const auto labelOf = [](const AgentModel& model) {
        const QString name = QString::fromStdString(model.name);
        return model.contextTokens == 0 ? name : tr("%1 (%2 tokens)").arg(name, StatusText::count(model.contextTokens));
    };
    bool same = m_models->count() == static_cast<int>(server.models.size());
    for (int i = 0; same && i < m_models->count(); ++i) same = m_models->itemText(i) == labelOf(server.models[static_cast<std::size_t>(i)]);
    if (same) return;
    const QString before = m_models->currentData().toString();
    m_models->clear();
    for (const AgentModel& model : server.models) m_models->addItem(labelOf(model), QString::fromStdString(model.name));
    m_models->setCurrentIndex(std::max(0, m_models->findData(before)));
    if (m_models->currentData().toString() != before) Q_EMIT chosen();
}

void AgentChoices::chooseFolder() {
    const auto folder = Ask::folder(this, tr("Folder to work in"), m_folder->text());
    if (!folder) return;
    m_folder->setText(*folder);
    Q_EMIT chosen();
}

}  // namespace larder::ui
