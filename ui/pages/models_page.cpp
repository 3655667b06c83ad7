#include "ui/pages/models_page.h"

#include <QDesktopServices>
#include <QPushButton>
#include <QScrollBar>
#include <QUrl>
#include <QVBoxLayout>
#include <algorithm>

#include "ui/ask.h"
#include "ui/download_dialog.h"
#include "ui/pages/download_queue_view.h"
#include "ui/pages/installed_list.h"
#include "ui/pages/text_label.h"
#include "ui/status_text.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/page_scroll.h"

namespace larder::ui {

namespace {

const ModelInfo* listedModel(const ServiceSnapshot& snapshot, const QString& name) {
    const std::string wanted = name.toStdString();
    const auto found = std::find_if(snapshot.models->begin(), snapshot.models->end(),
                                    [&](const ModelInfo& model) { return model.name == wanted; });
    return found == snapshot.models->end() ? nullptr : &*found;
}

}  // namespace

ModelsPage::ModelsPage(EngineModel& model, QWidget* parent) : QWidget(parent), m_model(model) {
    m_scroll = new PageScroll(*this, tr("Models"));
    QVBoxLayout* layout = m_scroll->column();
    auto* top = new QHBoxLayout;
    auto* get = new QPushButton(tr("Get a model"));
    get->setObjectName(QStringLiteral("getModel"));
    get->setProperty("primary", true);
    top->addWidget(new TextLabel(TextLabel::Style::Title, tr("Models")), 1);
    top->addWidget(get);
    m_banner = new Banner;
    m_downloads = new DownloadQueueView(model);
    m_installed = new InstalledList;
    layout->addLayout(top);
    layout->addWidget(m_banner);
    layout->addWidget(m_downloads);
    layout->addWidget(m_installed);
    layout->addStretch(1);

    connect(get, &QPushButton::clicked, this, [this] { openDownloadDialog(); });
    connect(m_installed, &InstalledList::downloadWanted, this, [this] { openDownloadDialog(); });
    connect(m_installed, &InstalledList::loadWanted, this, &ModelsPage::load);
    connect(m_installed, &InstalledList::unloadWanted, this, &ModelsPage::unload);
    connect(m_installed, &InstalledList::pinWanted, this, &ModelsPage::pin);
    connect(m_installed, &InstalledList::defaultToggled, this, &ModelsPage::toggleDefault);
    connect(m_installed, &InstalledList::removeWanted, this, &ModelsPage::remove);
    connect(m_installed, &InstalledList::folderWanted, this, [this](const QString& name) {
        const ModelInfo* found = listedModel(m_model.snapshot(), name);
        if (found) QDesktopServices::openUrl(QUrl::fromLocalFile(QString::fromStdString(found->path.parent_path().string())));
    });
    connect(m_banner, &Banner::actionClicked, m_banner, &Banner::clear);
    connect(&model, &EngineModel::changed, this, [this] {
        if (isVisible()) refresh();
    });
    refresh();
}

void ModelsPage::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    m_model.service().refreshModels();   // files may have come or gone behind our back
    refresh();
}

void ModelsPage::refresh() {
    m_downloads->refresh();
    m_installed->show(m_model.snapshot());
}

void ModelsPage::openDownloadDialog(const QString& text) {
    if (!m_dialog) {
        m_dialog = new DownloadDialog(m_model, this);
        m_dialog->setAttribute(Qt::WA_DeleteOnClose);
        connect(m_dialog, &DownloadDialog::downloadQueued, this, [this] { m_scroll->verticalScrollBar()->setValue(0); });
    }
    if (!text.isEmpty()) m_dialog->setText(text);
    m_dialog->open();
    m_dialog->raise();
    m_dialog->activateWindow();
}

void ModelsPage::load(const QString& name) {
    m_banner->clear();
    m_model.service().loadModel(name.toStdString(), m_model.reply<void>(this, [this](Expected<void> result) { report(std::move(result)); }));
}

void ModelsPage::unload(const QString& name) {
    m_banner->clear();
    m_model.service().unloadModel(name.toStdString(), m_model.reply<void>(this, [this](Expected<void> result) { report(std::move(result)); }));
}

void ModelsPage::pin(const QString& name, bool pinned) {
    m_banner->clear();
    m_model.service().pinModel(name.toStdString(), pinned,
                               m_model.reply<void>(this, [this](Expected<void> result) { report(std::move(result)); }));
}

void ModelsPage::toggleDefault(const QString& name) {
    const ModelInfo* found = listedModel(m_model.snapshot(), name);
    if (!found) return;
    Settings settings = m_model.snapshot().settings;
    settings.defaultModel = isDefaultModel(*found, settings) ? std::string() : found->name;
    m_model.service().saveSettings(settings, m_model.reply<void>(this, [this](Expected<void> result) { report(std::move(result)); }));
}

void ModelsPage::remove(const QString& name) {
    const ModelInfo* found = listedModel(m_model.snapshot(), name);
    if (!found || found->source != ModelSource::Folder) return;
    Question question;
    question.title = tr("Delete model");
    question.text = tr("%1 is deleted from this disk, which frees %2. It can be downloaded again.")
                        .arg(name, StatusText::bytes(found->fileBytes));
    question.yes = tr("Delete");
    question.no = tr("Cancel");
    question.dangerous = true;
    if (!Ask::confirm(this, question)) return;
    m_banner->clear();
    m_model.service().removeModel(name.toStdString(),
                                  m_model.reply<void>(this, [this](Expected<void> result) { report(std::move(result)); }));
}

void ModelsPage::report(Expected<void> result) {
    if (result.ok() || result.error().code == ErrorCode::Cancelled) return;
    m_banner->show(QString::fromStdString(result.error().message), Tone::Bad, tr("Dismiss"));
}

}  // namespace larder::ui
