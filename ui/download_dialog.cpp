#include "ui/download_dialog.h"

#include <QDialogButtonBox>
#include <QKeyEvent>
#include <QLineEdit>
#include <QListView>
#include <QPushButton>
#include <QScreen>
#include <QSplitter>
#include <QVBoxLayout>
#include <algorithm>

#include "ui/look.h"
#include "ui/pages/repository_list.h"
#include "ui/pages/text_label.h"
#include "ui/repository_panel.h"
#include "ui/widgets/banner.h"

namespace larder::ui {

namespace {
constexpr int kTypingPauseMs = 400;
constexpr int kMovingPauseMs = 150;
}  // namespace

DownloadDialog::DownloadDialog(EngineModel& model, QWidget* parent) : QDialog(parent), m_model(model) {
    setWindowTitle(tr("Get a model"));
    build();
    m_typed.setSingleShot(true);
    m_typed.setInterval(kTypingPauseMs);
    m_moved.setSingleShot(true);
    m_moved.setInterval(kMovingPauseMs);
    connect(&m_typed, &QTimer::timeout, this, &DownloadDialog::lookUp);
    connect(&m_moved, &QTimer::timeout, this, &DownloadDialog::pick);
    connect(m_field, &QLineEdit::textChanged, this, [this] {
        ++m_turn;   // what is on its way answers an older question
        m_typed.start();
    });
    connect(m_field, &QLineEdit::returnPressed, this, &DownloadDialog::lookUp);
    connect(m_list->selectionModel(), &QItemSelectionModel::currentChanged, this, [this] { m_moved.start(); });
    connect(m_list, &QListView::activated, this, &DownloadDialog::pick);
    connect(m_banner, &Banner::actionClicked, this, &DownloadDialog::lookUp);
    connect(m_panel, &RepositoryPanel::choiceChanged, this, [this] { m_download->setEnabled(m_panel->canDownload()); });
    connect(m_panel, &RepositoryPanel::downloadWanted, this, &DownloadDialog::startDownload);
    connect(m_panel, &RepositoryPanel::notFound, this, [this](const QString& id) {
        // A name remembered half: show what is there under that name.
        if (m_found->rowCount() <= 1) search(id.section(QLatin1Char('/'), -1));
    });
    showRecommended();
}

void DownloadDialog::build() {
    const Look& look = Look::instance();
    m_field = new QLineEdit;
    m_field->setObjectName(QStringLiteral("field"));
    m_field->setPlaceholderText(tr("org/name, a link to huggingface.co, or words to search for"));
    m_field->setAccessibleName(tr("Model ID, link or search words"));
    m_field->setClearButtonEnabled(true);
    m_field->installEventFilter(this);
    m_heading = new TextLabel(TextLabel::Style::Muted);
    m_heading->setObjectName(QStringLiteral("heading"));
    m_banner = new Banner;
    m_found = new RepositoryList(this);
    m_list = new QListView;
    m_list->setObjectName(QStringLiteral("results"));
    m_list->setAccessibleName(tr("Models"));
    m_list->setModel(m_found);
    m_list->setItemDelegate(new TwoLineDelegate(m_list));
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->setUniformItemSizes(false);
    m_list->setMinimumWidth(look.space(56));
    m_panel = new RepositoryPanel(m_model);
    m_panel->setMinimumWidth(look.space(80));
    auto* buttons = new QDialogButtonBox;
    m_download = buttons->addButton(tr("Download"), QDialogButtonBox::ActionRole);
    m_download->setObjectName(QStringLiteral("download"));
    m_download->setProperty("primary", true);
    m_download->setEnabled(false);
    QPushButton* close = buttons->addButton(tr("Close"), QDialogButtonBox::RejectRole);
    // No default button: Enter in the field looks up, and must not download besides.
    m_download->setAutoDefault(false);
    close->setAutoDefault(false);

    auto* left = new QWidget;
    auto* leftLayout = new QVBoxLayout(left);
    leftLayout->setContentsMargins(0, 0, 0, 0);
    leftLayout->addWidget(m_heading);
    leftLayout->addWidget(m_banner);
    leftLayout->addWidget(m_list, 1);
    auto* split = new QSplitter;
    split->setChildrenCollapsible(false);
    split->setHandleWidth(look.space(4));
    split->addWidget(left);
    split->addWidget(m_panel);
    split->setStretchFactor(0, 2);
    split->setStretchFactor(1, 3);
    auto* layout = new QVBoxLayout(this);
    layout->setSpacing(look.space(3));
    layout->addWidget(m_field);
    layout->addWidget(split, 1);
    layout->addWidget(buttons);
    split->setSizes({look.space(80), look.space(140)});
    const QSize room = screen()->availableSize();
    resize(std::min(look.space(230), room.width()), std::min(look.space(130), room.height()));
    connect(m_download, &QPushButton::clicked, this, &DownloadDialog::startDownload);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    m_field->setFocus();
}

void DownloadDialog::setText(const QString& text) {
    m_field->setText(text);
    lookUp();
}

bool DownloadDialog::eventFilter(QObject* watched, QEvent* event) {
    if (watched == m_field && event->type() == QEvent::KeyPress && m_found->rowCount() > 0 &&
        static_cast<QKeyEvent*>(event)->key() == Qt::Key_Down) {
        m_list->setFocus();
        if (!m_list->currentIndex().isValid()) m_list->setCurrentIndex(m_found->index(0));
        return true;
    }
    return QDialog::eventFilter(watched, event);
}

// An exact name is asked for itself; everything else is searched.
void DownloadDialog::lookUp() {
    m_typed.stop();
    m_moved.stop();
    ++m_turn;
    m_banner->clear();
    const QString text = m_field->text().trimmed();
    if (text.isEmpty()) return showRecommended();
    const Expected<ModelReference> reference = parseModelReference(text.toStdString());
    if (reference.ok()) {
        m_heading->setSentence(tr("The model you named"));
        m_found->showOne(QString::fromStdString(reference->repository));
        m_panel->load(*reference);
    } else if (text.contains(QStringLiteral("://"))) {
        m_found->clear();
        m_panel->clear();
        m_heading->setSentence(QString());
        m_banner->show(QString::fromStdString(reference.error().message), Tone::Bad);
    } else {
        m_panel->clear();
        search(text);
    }
}

void DownloadDialog::search(const QString& text) {
    m_found->clear();
    m_heading->setSentence(tr("Searching for \"%1\" ...").arg(text));
    const std::uint64_t turn = ++m_turn;
    m_model.service().searchRepositories(
        text.toStdString(), m_model.reply<std::vector<SearchResult>>(this, [this, turn, text](Expected<std::vector<SearchResult>> result) {
            if (turn == m_turn) searched(text, std::move(result));
        }));
}

void DownloadDialog::searched(const QString& text, Expected<std::vector<SearchResult>> result) {
    if (!result.ok()) {
        m_heading->setSentence(QString());
        m_banner->show(QString::fromStdString(result.error().message), Tone::Bad, tr("Try again"));
        return;
    }
    m_found->showResults(*result);
    m_heading->setSentence(result->empty() ? tr("Nothing was found for \"%1\". Try fewer or other words.").arg(text)
                                           : tr("Found for \"%1\"").arg(text));
}

void DownloadDialog::showRecommended() {
    m_found->showRecommended(recommendedModels(m_model.snapshot().machine));
    m_heading->setSentence(tr("Recommended for this machine"));
    m_panel->clear();
}

void DownloadDialog::pick() {
    m_moved.stop();
    const QString reference = m_found->reference(m_list->currentIndex().row());
    if (reference.isEmpty()) return;
    const Expected<ModelReference> parsed = parseModelReference(reference.toStdString());
    if (parsed.ok()) m_panel->load(*parsed);
}

void DownloadDialog::startDownload() {
    if (!m_panel->canDownload()) return;
    m_panel->download();
    Q_EMIT downloadQueued();
    accept();
}

}  // namespace larder::ui
