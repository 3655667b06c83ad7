#include "ui/widgets/token_field.h"

#include <QHBoxLayout>
#include <QVBoxLayout>

#include "ui/ask.h"

namespace larder::ui {

TokenField::TokenField(EngineModel& model, QWidget* parent)
    : QWidget(parent),
      m_model(model),
      m_edit(new QLineEdit),
      m_store(new QPushButton(tr("Store"))),
      m_remove(new QPushButton(tr("Remove"))),
      m_note(new NoteLabel) {
    m_edit->setEchoMode(QLineEdit::Password);
    m_edit->setPlaceholderText(QStringLiteral("hf_..."));
    m_store->setAccessibleName(tr("Store the token"));
    m_remove->setAccessibleName(tr("Remove the token"));
    m_store->setEnabled(false);
    setFocusProxy(m_edit);

    auto* line = new QHBoxLayout;
    line->setSpacing(Look::instance().space(2));
    line->addWidget(m_edit, 1);
    line->addWidget(m_store);
    line->addWidget(m_remove);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(Look::instance().space(1));
    layout->addLayout(line);
    layout->addWidget(m_note);

    connect(m_edit, &QLineEdit::textChanged, this, [this] { m_store->setEnabled(!m_busy && !m_edit->text().trimmed().isEmpty()); });
    connect(m_edit, &QLineEdit::returnPressed, m_store, &QPushButton::click);
    connect(m_store, &QPushButton::clicked, this, [this] { store(m_edit->text().trimmed()); });
    connect(m_remove, &QPushButton::clicked, this, [this] {
        const Question question{tr("Remove the token"), tr("Models whose terms you accepted with it can no longer be downloaded."),
                                tr("Remove"), tr("Cancel"), true};
        if (Ask::confirm(this, question)) store({});
    });
    look();
}

void TokenField::look() {
    const bool there = hasHubToken(m_model.snapshot().settings);
    m_edit->setAccessibleName(there ? tr("New Hugging Face token; a token is set") : tr("Hugging Face token"));
    m_remove->setVisible(there);
    m_note->set(there ? tr("A token is set. It is sent to the hub only, and not shown here.")
                      : tr("No token is set. Only models behind terms of use need one."));
}

void TokenField::store(const QString& token) {
    if (m_busy) return;
    m_busy = true;
    m_store->setEnabled(false);
    m_model.service().saveHubToken(token.toStdString(), m_model.reply<void>(this, [this](Expected<void> stored) {
        m_busy = false;
        if (!stored.ok()) {
            m_store->setEnabled(!m_edit->text().trimmed().isEmpty());
            m_note->set(QString::fromStdString(stored.error().message), Tone::Bad);
            return;
        }
        m_edit->clear();
        look();
    }));
}

}  // namespace larder::ui
