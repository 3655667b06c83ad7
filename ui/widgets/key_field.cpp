#include "ui/widgets/key_field.h"

#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QVBoxLayout>

#include "ui/ask.h"

namespace larder::ui {
namespace {

constexpr int kCopiedShownMs = 2000;

}  // namespace

KeyField::KeyField(EngineModel& model, QWidget* parent)
    : QWidget(parent),
      m_model(model),
      m_edit(new QLineEdit),
      m_show(new QPushButton(tr("Show"))),
      m_copy(new QPushButton(tr("Copy"))),
      m_renew(new QPushButton(tr("New key"))),
      m_note(new NoteLabel) {
    m_edit->setReadOnly(true);
    m_edit->setEchoMode(QLineEdit::Password);
    m_edit->setAccessibleName(tr("API key"));
    m_show->setCheckable(true);
    m_show->setAccessibleName(tr("Show the API key"));
    m_copy->setAccessibleName(tr("Copy the API key"));
    m_renew->setAccessibleName(tr("Make a new API key"));
    setFocusProxy(m_edit);

    auto* buttons = new QHBoxLayout;
    buttons->setSpacing(Look::instance().space(2));
    for (QPushButton* button : {m_show, m_copy, m_renew}) {
        button->setAutoDefault(false);
        buttons->addWidget(button);
    }
    buttons->addStretch(1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(Look::instance().space(2));
    layout->addWidget(m_edit);
    layout->addLayout(buttons);
    layout->addWidget(m_note);

    m_copied.setSingleShot(true);
    m_copied.setInterval(kCopiedShownMs);
    connect(&m_copied, &QTimer::timeout, this, [this] { m_copy->setText(tr("Copy")); });
    connect(m_show, &QPushButton::toggled, this, [this](bool shown) {
        m_edit->setEchoMode(shown ? QLineEdit::Normal : QLineEdit::Password);
        m_edit->setCursorPosition(0);
        m_show->setText(shown ? tr("Hide") : tr("Show"));
    });
    connect(m_copy, &QPushButton::clicked, this, &KeyField::copy);
    connect(m_renew, &QPushButton::clicked, this, &KeyField::askAndRenew);
    // Only a key that changed is taken over: a fresh one must not give way to a snapshot from before it.
    connect(&m_model, &EngineModel::changed, this, [this] {
        if (m_model.snapshot().apiKey == m_seen) return;
        m_seen = m_model.snapshot().apiKey;
        if (!m_seen.empty()) showKey(QString::fromStdString(m_seen));
    });
    m_seen = m_model.snapshot().apiKey;
    showKey(QString::fromStdString(m_seen));
}

void KeyField::setPlaceholder(const QString& why) { m_edit->setPlaceholderText(why); }

void KeyField::showKey(const QString& key) {
    m_key = key;
    m_edit->setText(key);
    m_edit->setCursorPosition(0);
    m_show->setEnabled(!key.isEmpty());
    m_copy->setEnabled(!key.isEmpty());
}

void KeyField::askAndRenew() {
    if (!m_key.isEmpty() && m_model.snapshot().settings.setupDone) {
        const Question question{tr("New API key"),
                                tr("The key in use stops working when the server next starts. Every program that was given it needs "
                                   "the new one."),
                                tr("Make a new key"), tr("Cancel"), true};
        if (!Ask::confirm(this, question)) return;
    }
    renew();
}

void KeyField::renew() {
    if (m_busy) return;
    m_busy = true;
    m_renew->setEnabled(false);
    m_model.service().renewApiKey(m_model.reply<std::string>(this, [this](Expected<std::string> key) {
        m_busy = false;
        m_renew->setEnabled(true);
        if (!key.ok()) {
            m_note->set(QString::fromStdString(key.error().message), Tone::Bad);
            return;
        }
        m_note->set({});
        showKey(QString::fromStdString(*key));
        Q_EMIT renewed();
    }));
}

void KeyField::copy() {
    QApplication::clipboard()->setText(m_key);
    m_copy->setText(tr("Copied"));
    m_copied.start();
}

}  // namespace larder::ui
