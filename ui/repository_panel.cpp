#include "ui/repository_panel.h"

#include <QDesktopServices>
#include <QHeaderView>
#include <QLineEdit>
#include <QPushButton>
#include <QTableView>
#include <QUrl>
#include <QVBoxLayout>
#include <algorithm>
#include <cassert>

#include "ui/look.h"
#include "ui/pages/choice_table.h"
#include "ui/pages/text_label.h"
#include "ui/status_text.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/note_label.h"

namespace larder::ui {

namespace {

bool sameFiles(const DownloadChoice& a, const DownloadChoice& b) {
    return a.label == b.label && !a.files.empty() && !b.files.empty() && a.files.front().path == b.files.front().path;
}

bool isOnDisk(const ServiceSnapshot& snapshot, const Repository& repository, const DownloadChoice& choice) {
    if (choice.files.empty()) return false;
    const std::filesystem::path folder = snapshot.settings.modelDir / repository.id;
    const std::filesystem::path wanted = choice.format == ModelFormat::Gguf ? folder / choice.files.front().path : folder;
    return std::any_of(snapshot.models->begin(), snapshot.models->end(), [&](const ModelInfo& model) { return model.path == wanted; });
}

}  // namespace

RepositoryPanel::RepositoryPanel(EngineModel& model, QWidget* parent)
    : QWidget(parent), m_model(model), m_choices(new ChoiceTable(this)) {
    build();
    connect(m_page, &QPushButton::clicked, this, [this] {
        const QUrl page(m_repository ? QString::fromStdString(m_repository->pageUrl) : QString());
        // The address comes from the network: nothing but a web page is opened.
        if (page.scheme() == QLatin1String("https") || page.scheme() == QLatin1String("http")) QDesktopServices::openUrl(page);
    });
    connect(m_banner, &Banner::actionClicked, this, [this] {
        if (m_reference) load(*m_reference);
    });
    connect(m_table->selectionModel(), &QItemSelectionModel::currentChanged, this, [this] {
        refreshNote();
        Q_EMIT choiceChanged();
    });
    connect(m_table, &QTableView::activated, this, [this] {
        if (canDownload()) Q_EMIT downloadWanted();
    });
    connect(&model, &EngineModel::changed, this, &RepositoryPanel::refreshNote);
    clear();
}

void RepositoryPanel::build() {
    const Look& look = Look::instance();
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(look.space(2));
    m_title = new TextLabel(TextLabel::Style::Heading);
    m_facts = new TextLabel(TextLabel::Style::Muted);
    m_facts->setObjectName(QStringLiteral("facts"));
    m_page = new QPushButton(tr("Open its page"));
    m_page->setAutoDefault(false);
    m_banner = new Banner;
    m_table = new QTableView;
    m_table->setObjectName(QStringLiteral("choices"));
    m_table->setAccessibleName(tr("Versions to choose from"));
    m_table->setModel(m_choices);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setTabKeyNavigation(false);
    m_table->setShowGrid(false);
    m_table->setWordWrap(false);
    m_table->verticalHeader()->hide();
    m_table->horizontalHeader()->setHighlightSections(false);
    m_table->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    m_table->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    m_table->horizontalHeader()->setSectionResizeMode(ChoiceTable::Note, QHeaderView::Stretch);
    m_table->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);   // the note below has the remark whole
    m_table->setMinimumHeight(look.space(28));
    m_note = new NoteLabel;
    m_note->setObjectName(QStringLiteral("choiceNote"));
    m_access = buildAccess();
    auto* first = new QHBoxLayout;
    first->addWidget(m_title, 1);
    first->addWidget(m_page);
    layout->addLayout(first);
    layout->addWidget(m_facts);
    layout->addWidget(m_banner);
    layout->addWidget(m_table, 1);
    layout->addWidget(m_note);
    layout->addWidget(m_access);
    layout->addStretch();
}

// Shown for models with terms to accept, and where the hub wants to know who asks.
QWidget* RepositoryPanel::buildAccess() {
    auto* box = new QWidget;
    box->setObjectName(QStringLiteral("access"));
    auto* layout = new QVBoxLayout(box);
    layout->setContentsMargins(0, 0, 0, 0);
    m_accessText = new TextLabel(TextLabel::Style::Body);
    m_token = new QLineEdit;
    m_token->setObjectName(QStringLiteral("token"));
    m_token->setEchoMode(QLineEdit::Password);
    m_token->setPlaceholderText(tr("Hugging Face token: hf_..."));
    m_token->setAccessibleName(tr("Hugging Face token"));
    m_saveToken = new QPushButton(tr("Save token"));
    m_saveToken->setObjectName(QStringLiteral("saveToken"));
    m_saveToken->setAutoDefault(false);
    m_saveToken->setEnabled(false);
    auto* row = new QHBoxLayout;
    row->addWidget(m_token, 1);
    row->addWidget(m_saveToken);
    layout->addWidget(m_accessText);
    layout->addLayout(row);
    connect(m_token, &QLineEdit::textChanged, this, [this](const QString& text) { m_saveToken->setEnabled(!text.trimmed().isEmpty()); });
    connect(m_token, &QLineEdit::returnPressed, this, &RepositoryPanel::saveToken);
    connect(m_saveToken, &QPushButton::clicked, this, &RepositoryPanel::saveToken);
    return box;
}

void RepositoryPanel::clear() {
    ++m_turn;
    m_reference.reset();
    m_repository.reset();
    m_choices->clear();
    m_title->setElided(QString());
    m_facts->setSentence(tr("Choose a model to see its versions."));
    m_facts->show();
    m_page->hide();
    m_banner->clear();
    m_table->hide();
    m_note->set(QString());
    showAccess(false, QString());
    Q_EMIT choiceChanged();
}

void RepositoryPanel::load(const ModelReference& reference) {
    clear();
    m_reference = reference;
    m_title->setElided(QString::fromStdString(reference.repository));
    m_facts->setSentence(tr("Asking Hugging Face ..."));
    const std::uint64_t turn = ++m_turn;
    m_model.service().listRepository(reference.repository, reference.revision,
                                     m_model.reply<Repository>(this, [this, turn](Expected<Repository> result) {
                                         if (turn == m_turn) arrived(std::move(result));
                                     }));
}

void RepositoryPanel::arrived(Expected<Repository> result) {
    if (!result.ok()) {
        m_facts->hide();   // the banner says it
        m_banner->show(QString::fromStdString(result.error().message), Tone::Bad, tr("Try again"));
        showAccess(result.error().code == ErrorCode::PermissionDenied,
                   tr("If you accepted the model's terms on its page, a token of your account proves it."));
        if (result.error().code == ErrorCode::NotFound) Q_EMIT notFound(m_title->accessibleName());
        return;
    }
    m_repository = std::move(result).value();
    m_title->setElided(QString::fromStdString(m_repository->id));
    m_page->setVisible(!m_repository->pageUrl.empty());
    m_choices->show(*m_repository);
    m_table->setVisible(m_choices->rowCount() > 0);
    fitColumns();
    QString facts = m_repository->license.empty() ? tr("Its licence is not stated.")
                                                  : tr("Licence: %1").arg(QString::fromStdString(m_repository->license));
    if (m_choices->rowCount() == 0) facts = tr("Nothing in this repository is a model file that Larder knows.");
    m_facts->setSentence(facts);
    showAccess(m_repository->gated && !hasHubToken(m_model.snapshot().settings),
               tr("This model asks you to accept its terms: open its page, sign in and accept them. Then make a token in your "
                  "account's settings there and paste it here, so that the download is allowed."));
    choose();
}

void RepositoryPanel::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    fitColumns();
}

// Where the remarks would be cut to a few letters they give way; the note below says them whole.
void RepositoryPanel::fitColumns() {
    const QHeaderView* header = m_table->horizontalHeader();
    const QAbstractItemView& view = *m_table;
    int others = 0;
    for (const int column : {ChoiceTable::Label, ChoiceTable::Size, ChoiceTable::FitWord})
        others += std::max(view.sizeHintForColumn(column), header->sectionSizeHint(column));
    m_table->setColumnHidden(ChoiceTable::Note, m_table->viewport()->width() - others < header->sectionSizeHint(ChoiceTable::Note));
}

// The version the reference names; where it names none, the recommended one.
void RepositoryPanel::choose() {
    int row = m_choices->recommendedRow();
    const bool named = !m_reference->quantisation.empty() || !m_reference->file.empty();
    if (named) {
        const Expected<DownloadChoice> wanted = chooseDownload(*m_repository, *m_reference);
        if (wanted.ok()) {
            for (int i = 0; i < m_choices->rowCount(); ++i) {
                if (sameFiles(*m_choices->choice(i), *wanted)) row = i;
            }
        } else {
            m_banner->show(QString::fromStdString(wanted.error().message), Tone::Warning);
        }
    }
    if (row < 0 && m_choices->rowCount() > 0) row = 0;
    if (row >= 0) m_table->setCurrentIndex(m_choices->index(row, 0));
    refreshNote();
    Q_EMIT choiceChanged();
}

const DownloadChoice* RepositoryPanel::chosen() const {
    return m_repository ? m_choices->choice(m_table->currentIndex().row()) : nullptr;
}

bool RepositoryPanel::canDownload() const {
    const DownloadChoice* choice = chosen();
    return choice && choice->problem.empty();
}

void RepositoryPanel::refreshNote() {
    const DownloadChoice* choice = chosen();
    if (!choice) return m_note->set(QString());
    const ServiceSnapshot& snapshot = m_model.snapshot();
    if (!choice->problem.empty()) {
        m_note->set(QString::fromStdString(choice->problem), Tone::Warning);
    } else if (isOnDisk(snapshot, *m_repository, *choice)) {
        m_note->set(tr("This version is on your disk already."));
    } else if (snapshot.modelFolderFreeBytes > 0 && choice->bytes > snapshot.modelFolderFreeBytes) {
        m_note->set(tr("Not enough room: the download is %1, and %2 are free in the model folder.")
                        .arg(StatusText::bytes(choice->bytes), StatusText::bytes(snapshot.modelFolderFreeBytes)), Tone::Bad);
    } else {
        m_note->set(QString::fromStdString(choice->fit.sentence), choice->fit.verdict == Fit::TooBig ? Tone::Bad : Tone::Neutral);
    }
}

void RepositoryPanel::showAccess(bool visible, const QString& why) {
    m_accessText->setSentence(why);
    m_access->setVisible(visible);
    if (!visible) m_token->clear();
}

void RepositoryPanel::saveToken() {
    const std::string token = m_token->text().trimmed().toStdString();
    if (token.empty()) return;
    m_saveToken->setEnabled(false);
    m_model.service().saveHubToken(token, m_model.reply<void>(this, [this](Expected<void> result) {
        m_saveToken->setEnabled(!m_token->text().trimmed().isEmpty());
        if (!result.ok()) {
            m_banner->show(QString::fromStdString(result.error().message), Tone::Bad);
        } else if (m_reference) {
            load(ModelReference(*m_reference));
        }
    }));
}

void RepositoryPanel::download() {
    const DownloadChoice* choice = chosen();
    assert(canDownload());
    m_model.service().startDownload(*m_repository, *choice);
}

}  // namespace larder::ui
