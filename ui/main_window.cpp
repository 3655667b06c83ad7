#include "ui/main_window.h"

#include <QApplication>
#include <QCloseEvent>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QListWidget>
#include <QScreen>
#include <QScrollArea>
#include <QSettings>
#include <QShortcut>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>
#include <utility>

#include "ui/ask.h"
#include "ui/loaded_models.h"
#include "ui/look.h"
#include "ui/pages/agents_page.h"
#include "ui/pages/cache_page.h"
#include "ui/pages/logs_page.h"
#include "ui/pages/models_page.h"
#include "ui/pages/overview_page.h"
#include "ui/pages/requests_page.h"
#include "ui/pages/settings_page.h"
#include "ui/tinted_icon.h"
#include "ui/widgets/banner.h"

namespace larder::ui {

namespace {

constexpr int kPageRole = Qt::UserRole;
constexpr int kNameRole = Qt::UserRole + 1;
constexpr int kIconRole = Qt::UserRole + 2;

QString sentenceOf(const std::string& text) { return QString::fromStdString(text); }

}  // namespace

MainWindow::MainWindow(EngineModel& model, QWidget* parent)
    : QMainWindow(parent), m_model(model), m_navigation(new QListWidget), m_banner(new Banner), m_pages(new QStackedWidget) {
    const Look& look = Look::instance();
    setWindowTitle(tr("Larder"));
    setWindowIcon(pictureIcon(QStringLiteral(":/icons/larder.svg")));
    setMinimumSize(640, 420);

    auto* right = new QVBoxLayout;
    right->setContentsMargins(0, 0, 0, 0);
    right->setSpacing(0);
    m_bannerRow = new QWidget;
    auto* bannerMargin = new QHBoxLayout(m_bannerRow);
    bannerMargin->setContentsMargins(look.space(6), look.space(4), look.space(6), 0);
    bannerMargin->addWidget(m_banner);
    right->addWidget(m_bannerRow);
    right->addWidget(m_pages, 1);

    auto* whole = new QWidget(this);
    auto* row = new QHBoxLayout(whole);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    row->addWidget(buildSidebar());
    row->addLayout(right, 1);
    setCentralWidget(whole);

    auto* overview = new OverviewPage(model);
    addPage(PageId::Overview, tr("Overview"), QStringLiteral("overview"), overview);
    connect(overview, &OverviewPage::modelsWanted, this, [this] { showPage(PageId::Models); });
    connect(overview, &OverviewPage::settingsWanted, this, [this] { showPage(PageId::Settings); });
    connect(overview, &OverviewPage::agentsWanted, this, [this] { showPage(PageId::Agents); });
    addPage(PageId::Requests, tr("Requests"), QStringLiteral("requests"), new RequestsPage(model));
    addPage(PageId::Models, tr("Models"), QStringLiteral("models"), new ModelsPage(model));
    auto* agents = new AgentsPage(model);
    addPage(PageId::Agents, tr("Agents"), QStringLiteral("agents"), agents);
    connect(agents, &AgentsPage::modelsWanted, this, [this] { showPage(PageId::Models); });
    addPage(PageId::Cache, tr("Cache"), QStringLiteral("cache"), new CachePage(model));
    addPage(PageId::Logs, tr("Logs"), QStringLiteral("logs"), new LogsPage(model));
    auto* settings = new SettingsPage(model);
    addPage(PageId::Settings, tr("Settings"), QStringLiteral("settings"), settings);
    connect(settings, &SettingsPage::wizardWanted, this, &MainWindow::wizardWanted);

    connect(m_navigation, &QListWidget::currentRowChanged, m_pages, &QStackedWidget::setCurrentIndex);
    connect(m_navigation, &QListWidget::currentRowChanged, this, &MainWindow::updateBanner);
    connect(m_banner, &Banner::actionClicked, this, &MainWindow::followAdvice);
    connect(&m_model, &EngineModel::changed, this, &MainWindow::update);
    buildShortcuts();
    m_navigation->setCurrentRow(0);
    restorePlace();
    arrangeSidebar();
    update();
}

MainWindow::~MainWindow() { m_model.setWatched(false); }

QWidget* MainWindow::buildSidebar() {
    const Look& look = Look::instance();
    m_sidebar = new QWidget;
    m_sidebar->setObjectName(QStringLiteral("sidebar"));
    m_sidebar->setAttribute(Qt::WA_StyledBackground);

    m_brand = new QLabel;
    m_brand->setPixmap(svgPixmap(QStringLiteral(":/icons/larder.svg"), Qt::black, look.space(8), devicePixelRatioF()));
    m_brandName = new QLabel(tr("Larder"));
    m_brandName->setFont(look.titleFont());
    auto* brandRow = new QHBoxLayout;
    brandRow->setContentsMargins(look.space(2), 0, 0, 0);
    brandRow->setSpacing(look.space(2));
    brandRow->addWidget(m_brand);
    brandRow->addWidget(m_brandName, 1);

    m_navigation->setObjectName(QStringLiteral("navigation"));
    m_navigation->setAccessibleName(tr("Pages"));
    m_navigation->setFrameShape(QFrame::NoFrame);
    m_navigation->setIconSize(QSize(look.space(5), look.space(5)));
    m_navigation->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_navigation->setVerticalScrollBarPolicy(Qt::ScrollBarAsNeeded);
    m_navigation->setMouseTracking(true);

    m_state = new QToolButton;
    m_state->setProperty("flat", true);
    m_state->setIconSize(QSize(look.space(5), look.space(5)));
    m_state->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_state->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(m_state, &QToolButton::clicked, this, [this] { showPage(PageId::Overview); });

    auto* column = new QVBoxLayout(m_sidebar);
    column->setContentsMargins(look.space(2), look.space(4), look.space(2), look.space(3));
    column->setSpacing(look.space(4));
    column->addLayout(brandRow);
    column->addWidget(m_navigation, 1);
    column->addWidget(m_state);
    return m_sidebar;
}

void MainWindow::addPage(PageId id, const QString& name, const QString& icon, QWidget* page) {
    auto* scroll = new QScrollArea;
    scroll->setObjectName(QStringLiteral("pageScroll"));
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setFocusPolicy(Qt::NoFocus);
    scroll->setWidget(page);
    m_pages->addWidget(scroll);
    m_pageById.insert(static_cast<int>(id), page);

    auto* item = new QListWidgetItem(Look::instance().icon(icon), name, m_navigation);
    item->setData(kPageRole, static_cast<int>(id));
    item->setData(kNameRole, name);
    item->setData(kIconRole, icon);
    item->setData(Qt::AccessibleTextRole, name);
    item->setSizeHint(QSize(0, Look::instance().space(9)));
    item->setToolTip(QStringLiteral("%1 (Ctrl+%2)").arg(name).arg(m_navigation->count()));
}

void MainWindow::buildShortcuts() {
    for (int row = 0; row < m_navigation->count(); ++row) {
        auto* shortcut = new QShortcut(QKeySequence(Qt::CTRL | static_cast<Qt::Key>(Qt::Key_1 + row)), this);
        connect(shortcut, &QShortcut::activated, this, [this, row] { m_navigation->setCurrentRow(row); });
    }
    connect(new QShortcut(QKeySequence(Qt::CTRL | Qt::Key_Q), this), &QShortcut::activated, this, &MainWindow::quitWanted);
    connect(new QShortcut(QKeySequence(Qt::CTRL | Qt::Key_W), this), &QShortcut::activated, this, &QWidget::close);
    connect(new QShortcut(QKeySequence(Qt::Key_F5), this), &QShortcut::activated, this,
            [this] { m_model.service().refreshModels(); });
}

void MainWindow::showPage(PageId page) {
    for (int row = 0; row < m_navigation->count(); ++row)
        if (m_navigation->item(row)->data(kPageRole).toInt() == static_cast<int>(page)) m_navigation->setCurrentRow(row);
}

PageId MainWindow::currentPage() const {
    const QListWidgetItem* item = m_navigation->currentItem();
    return item ? static_cast<PageId>(item->data(kPageRole).toInt()) : PageId::Overview;
}

QWidget* MainWindow::page(PageId page) const { return m_pageById.value(static_cast<int>(page)); }

void MainWindow::update() {
    const StatusText status(m_model.snapshot());
    if (m_state->icon().isNull() || status.light() != m_shownLight) {
        m_shownLight = status.light();
        m_state->setIcon(pictureIcon(status.iconName()));
    }
    if (m_headline != status.headline()) {
        m_headline = status.headline();
        m_state->setText(m_headline);
    }
    const QString spoken = tr("%1. %2").arg(m_headline, status.detail());
    if (m_state->accessibleName() != spoken) m_state->setAccessibleName(spoken);
    const QString tip = status.tooltip();
    if (m_state->toolTip() != tip) m_state->setToolTip(tip);
    updateBanner();
}

// The gravest thing first, one at a time, and nothing that the page at hand says itself at its top.
void MainWindow::updateBanner() {
    const ServiceSnapshot& now = m_model.snapshot();
    const StatusText status(now);
    const bool onOverview = currentPage() == PageId::Overview;
    const bool warned = !now.engine.warning.empty();
    if (now.server == ServerState::Failed) {
        if (onOverview) return advise(Advice::None, QString(), Tone::Neutral, QString());
        return advise(Advice::StartServer, status.detail(), Tone::Bad, tr("Try again"));
    }
    const bool running = now.server == ServerState::Running;
    const ModelStatus* foremost = foremostModel(now.engine);
    if (running && foremost && foremost->state == ModelState::Failed)
        return advise(Advice::OpenModels, status.detail(), Tone::Bad, tr("Choose a model"));
    const bool pageSaysRestart = currentPage() == PageId::Settings || (onOverview && !warned);
    if (running && now.restartNeeded && !pageSaysRestart)
        return advise(Advice::RestartServer, tr("Some settings take effect when the server starts anew. Answers under way would end."),
                      Tone::Busy, tr("Restart server"));
    if (warned && !onOverview)
        return advise(Advice::OpenModels, sentenceOf(now.engine.warning), Tone::Warning, tr("Open Models"));
    if (now.modelFolderFreeBytes > 0 && now.modelFolderFreeBytes < now.settings.lowDiskBytes)
        return advise(Advice::OpenSettings,
                      tr("Only %1 are left on the disk with the model folder.").arg(StatusText::bytes(now.modelFolderFreeBytes)),
                      Tone::Warning, tr("Open Settings"));
    advise(Advice::None, QString(), Tone::Neutral, QString());
}

void MainWindow::advise(Advice advice, const QString& sentence, Tone tone, const QString& action) {
    m_advice = advice;
    m_bannerRow->setVisible(advice != Advice::None);
    m_banner->show(sentence, tone, action);
}

void MainWindow::followAdvice() {
    switch (m_advice) {
        case Advice::None: return;
        case Advice::StartServer: return m_model.service().startServer();
        case Advice::RestartServer: return m_model.service().restartServer();
        case Advice::OpenModels: return showPage(PageId::Models);
        case Advice::OpenSettings: return showPage(PageId::Settings);
    }
}

// A narrow window keeps its width for the page: icons only, names as tooltips.
void MainWindow::arrangeSidebar() {
    const Look& look = Look::instance();
    const bool narrow = width() < look.space(195);
    if (m_sidebar->maximumWidth() != QWIDGETSIZE_MAX && narrow == m_narrow) return;
    m_narrow = narrow;
    m_brandName->setVisible(!narrow);
    m_state->setToolButtonStyle(narrow ? Qt::ToolButtonIconOnly : Qt::ToolButtonTextBesideIcon);
    for (int row = 0; row < m_navigation->count(); ++row) {
        QListWidgetItem* item = m_navigation->item(row);
        item->setText(narrow ? QString() : item->data(kNameRole).toString());
    }
    m_sidebar->setFixedWidth(narrow ? look.space(16) : look.space(48));
}

void MainWindow::updateWatched() { m_model.setWatched(isVisible() && !isMinimized()); }

void MainWindow::showEvent(QShowEvent* event) {
    QMainWindow::showEvent(event);
    updateWatched();
}

void MainWindow::hideEvent(QHideEvent* event) {
    QMainWindow::hideEvent(event);
    m_model.setWatched(false);
    savePlace();
}

void MainWindow::changeEvent(QEvent* event) {
    QMainWindow::changeEvent(event);
    if (event->type() == QEvent::WindowStateChange) updateWatched();
}

void MainWindow::resizeEvent(QResizeEvent* event) {
    QMainWindow::resizeEvent(event);
    arrangeSidebar();
}

void MainWindow::closeEvent(QCloseEvent* event) {
    savePlace();
    event->accept();
    if (qApp->isSavingSession() || staysInBackground()) return;
    Q_EMIT quitWanted();
}

bool MainWindow::staysInBackground() {
    Settings settings = m_model.snapshot().settings;
    if (m_trayAvailable || settings.closeAsked) return settings.keepRunningWhenClosed;
    Question question;
    question.title = tr("Larder");
    question.text = tr("This desktop shows no tray icons. Should Larder go on serving without a window? Start Larder again to get "
                       "the window back. You can change this in Settings.");
    question.yes = tr("Keep Larder running in the background");
    question.no = tr("Quit");
    settings.keepRunningWhenClosed = Ask::confirm(this, question);
    settings.closeAsked = true;
    m_model.service().saveSettings(settings, m_model.reply<void>(this, [](const Expected<void>&) {}));
    return settings.keepRunningWhenClosed;
}

QString MainWindow::placeFile() const {
    const auto& folder = m_model.snapshot().settings.baseDir;
    return folder.empty() ? QString() : QString::fromStdString((folder / "window.ini").string());
}

void MainWindow::restorePlace() {
    const Look& look = Look::instance();
    QSize size(look.space(260), look.space(175));
    if (const QScreen* display = screen()) size = size.boundedTo(display->availableSize() * 0.9);
    resize(size.expandedTo(minimumSize()));
    if (placeFile().isEmpty() || !QFileInfo::exists(placeFile())) return;
    const QSettings place(placeFile(), QSettings::IniFormat);
    restoreGeometry(place.value(QStringLiteral("geometry")).toByteArray());
    showPage(static_cast<PageId>(place.value(QStringLiteral("page"), 0).toInt()));
}

// Only where the base folder is there already: before setup nothing is written.
void MainWindow::savePlace() const {
    const QString file = placeFile();
    if (file.isEmpty() || !QFileInfo::exists(QFileInfo(file).path())) return;
    QSettings place(file, QSettings::IniFormat);
    place.setValue(QStringLiteral("geometry"), saveGeometry());
    place.setValue(QStringLiteral("page"), static_cast<int>(currentPage()));
}

}  // namespace larder::ui
