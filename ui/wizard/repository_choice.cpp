#include "ui/wizard/repository_choice.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QVBoxLayout>

#include "ui/status_text.h"
#include "ui/widgets/form_row.h"

namespace larder::ui {

RepositoryChoice::RepositoryChoice(EngineModel& model, QWidget* parent)
    : QWidget(parent),
      m_model(model),
      m_edit(new QLineEdit),
      m_lookUp(new QPushButton(tr("Look up"))),
      m_busy(new Meter),
      m_choices(new QComboBox),
      m_note(new NoteLabel) {
    m_edit->setAccessibleName(tr("Hugging Face ID"));
    m_edit->setPlaceholderText(tr("organisation/name, or a link to its page"));
    m_edit->installEventFilter(this);
    m_lookUp->setAutoDefault(false);
    m_lookUp->setEnabled(false);
    m_choices->setAccessibleName(tr("File to download"));
    m_choices->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    m_choices->setMinimumContentsLength(20);
    guardWheel(m_choices);

    auto* line = new QHBoxLayout;
    line->setSpacing(Look::instance().space(2));
    line->addWidget(m_edit, 1);
    line->addWidget(m_lookUp);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(Look::instance().space(2));
    layout->addLayout(line);
    layout->addWidget(m_busy);
    layout->addWidget(m_choices);
    layout->addWidget(m_note);
    m_busy->hide();
    m_choices->hide();

    connect(m_edit, &QLineEdit::textEdited, this, [this] {
        readReference();
        Q_EMIT used();
    });
    connect(m_lookUp, &QPushButton::clicked, this, &RepositoryChoice::lookUp);
    connect(m_choices, &QComboBox::currentIndexChanged, this, &RepositoryChoice::showChoice);
}

// Return in the field looks up; it must not press the wizard's default button.
bool RepositoryChoice::eventFilter(QObject* watched, QEvent* event) {
    if (watched != m_edit || event->type() != QEvent::KeyPress) return QWidget::eventFilter(watched, event);
    const int key = static_cast<QKeyEvent*>(event)->key();
    if (key != Qt::Key_Return && key != Qt::Key_Enter) return false;
    if (m_lookUp->isEnabled()) lookUp();
    return true;
}

void RepositoryChoice::readReference() {
    ++m_asked;
    m_repository.reset();
    m_reference.reset();
    m_busy->hide();
    m_choices->hide();
    m_lookUp->setText(tr("Look up"));
    const QString typed = m_edit->text().trimmed();
    if (typed.isEmpty()) {
        m_note->set({});
    } else if (auto reference = parseModelReference(typed.toStdString()); reference.ok()) {
        m_reference = std::move(*reference);
        m_note->set(tr("Press \"Look up\" to see what there is to download."));
    } else {
        m_note->set(QString::fromStdString(reference.error().message), Tone::Warning);
    }
    m_lookUp->setEnabled(m_reference.has_value());
    Q_EMIT changed();
}

void RepositoryChoice::lookUp() {
    if (!m_reference) return;
    const std::uint64_t asked = ++m_asked;
    m_repository.reset();
    m_choices->hide();
    m_note->set({});
    m_busy->set(-1, tr("Looking up %1 ...").arg(QString::fromStdString(m_reference->repository)));
    m_busy->show();
    m_lookUp->setEnabled(false);
    Q_EMIT changed();
    m_model.service().listRepository(m_reference->repository, m_reference->revision,
                                     m_model.reply<Repository>(this, [this, asked](Expected<Repository> found) {
                                         if (asked == m_asked) show(std::move(found));
                                     }));
}

void RepositoryChoice::show(Expected<Repository> found) {
    m_busy->hide();
    m_lookUp->setEnabled(true);
    if (!found.ok()) {
        m_lookUp->setText(tr("Try again"));
        m_note->set(QString::fromStdString(found.error().message), Tone::Bad);
        Q_EMIT changed();
        return;
    }
    if (found->choices.empty()) {
        m_note->set(tr("There is no model in this repository that could be downloaded: look for one with GGUF files."),
                    Tone::Warning);
        Q_EMIT changed();
        return;
    }
    m_repository = std::move(*found);
    int preferred = static_cast<int>(m_repository->recommended);
    QString remark;
    if (auto meant = chooseDownload(*m_repository, *m_reference); meant.ok()) {
        for (std::size_t i = 0; i < m_repository->choices.size(); ++i)
            if (m_repository->choices[i].label == meant->label) preferred = static_cast<int>(i);
    }
    {
        const QSignalBlocker quiet(m_choices);
        m_choices->clear();
        for (const DownloadChoice& choice : m_repository->choices) {
            const QString fit = !choice.problem.empty()                       ? tr("cannot run yet")
                                : choice.fit.verdict == Fit::TooBig           ? tr("too big for this machine")
                                : choice.fit.verdict == Fit::Tight            ? tr("tight fit")
                                : choice.fit.verdict == Fit::Good             ? tr("fits")
                                                                              : QString();
            m_choices->addItem(QString::fromStdString(choice.label) + QStringLiteral("  \u00b7  ") +
                               StatusText::bytes(choice.bytes) + (fit.isEmpty() ? QString() : QStringLiteral("  \u00b7  ") + fit));
        }
        m_choices->setCurrentIndex(preferred);
    }
    m_choices->show();
    showChoice();
}

void RepositoryChoice::showChoice() {
    const int index = m_choices->currentIndex();
    if (!m_repository || index < 0) return;
    const DownloadChoice& choice = m_repository->choices[static_cast<std::size_t>(index)];
    if (!choice.problem.empty()) m_note->set(QString::fromStdString(choice.problem), Tone::Bad);
    else m_note->set(QString::fromStdString(choice.fit.sentence),
                     choice.fit.verdict == Fit::TooBig || choice.fit.verdict == Fit::Tight ? Tone::Warning : Tone::Neutral);
    Q_EMIT changed();
}

std::optional<SetupPlan::Download> RepositoryChoice::download() const {
    const int index = m_choices->currentIndex();
    if (!m_repository || index < 0) return std::nullopt;
    const DownloadChoice& choice = m_repository->choices[static_cast<std::size_t>(index)];
    if (!choice.problem.empty()) return std::nullopt;
    return SetupPlan::Download{*m_repository, choice};
}

}  // namespace larder::ui
