#include "ui/widgets/folder_field.h"

#include <QHBoxLayout>
#include <QVBoxLayout>

#include "engine/settings.h"
#include "ui/ask.h"
#include "ui/status_text.h"

namespace larder::ui {
namespace {

constexpr int kPauseInTypingMs = 200;

}  // namespace

FolderField::FolderField(EngineModel& model, const QString& name, QWidget* parent)
    : QWidget(parent), m_model(model), m_name(name), m_edit(new QLineEdit), m_browse(new QPushButton(tr("Browse ..."))), m_note(new NoteLabel) {
    m_edit->setAccessibleName(name);
    m_browse->setAccessibleName(tr("Browse for %1").arg(name));
    m_browse->setAutoDefault(false);
    setFocusProxy(m_edit);

    auto* line = new QHBoxLayout;
    line->setSpacing(Look::instance().space(2));
    line->addWidget(m_edit, 1);
    line->addWidget(m_browse);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(Look::instance().space(1));
    layout->addLayout(line);
    layout->addWidget(m_note);

    m_debounce.setSingleShot(true);
    m_debounce.setInterval(kPauseInTypingMs);
    connect(&m_debounce, &QTimer::timeout, this, &FolderField::check);
    connect(m_edit, &QLineEdit::textEdited, this, [this] {
        await();
        Q_EMIT edited();
    });
    connect(m_browse, &QPushButton::clicked, this, &FolderField::browse);
}

void FolderField::setPath(const std::filesystem::path& path) {
    const QString text = QString::fromStdString(path.string());
    if (m_good && text == m_edit->text()) return;
    m_edit->setText(text);
    m_edit->setCursorPosition(0);
    await();
    check();
}

std::filesystem::path FolderField::path() const { return expandPath(m_edit->text().trimmed().toStdString()); }

void FolderField::setReadOnly(const QString& why) {
    m_edit->setReadOnly(true);
    m_browse->hide();
    m_debounce.stop();
    m_good = true;
    m_problem.clear();
    m_note->set(why);
    m_edit->setAccessibleDescription(why);
}

void FolderField::browse() {
    const auto folder = Ask::folder(this, m_name, QString::fromStdString(path().string()));
    if (!folder) return;
    m_edit->setText(*folder);
    await();
    Q_EMIT edited();
    check();
}

void FolderField::await() {
    ++m_turn;
    m_good = false;
    m_problem.clear();
    m_debounce.start();
    Q_EMIT checked();
}

void FolderField::check() {
    m_debounce.stop();
    if (m_edit->isReadOnly()) return;
    const std::filesystem::path folder = path();
    const std::uint64_t turn = ++m_turn;
    if (folder.empty()) {
        FolderCheck nothing;
        nothing.problem = tr("Choose a folder.").toStdString();
        return show(nothing);
    }
    m_model.service().checkFolder(folder, m_model.reply<FolderCheck>(this, [this, turn](const Expected<FolderCheck>& found) {
        if (turn == m_turn && found.ok() && !m_edit->isReadOnly()) show(*found);
    }));
}

void FolderField::show(const FolderCheck& found) {
    m_problem = QString::fromStdString(found.problem);
    m_good = m_problem.isEmpty();
    if (!m_good) m_note->set(m_problem, Tone::Bad);
    else if (found.exists) m_note->set(tr("%1 free.").arg(StatusText::bytes(found.freeBytes)));
    else m_note->set(tr("Will be made. %1 free.").arg(StatusText::bytes(found.freeBytes)));
    m_edit->setAccessibleDescription(m_note->text());
    Q_EMIT checked();
}

}  // namespace larder::ui
