#include "ui/tray.h"

#include <QApplication>
#include <QClipboard>
#include <QDBusConnection>
#include <QDBusServiceWatcher>
#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <utility>

#include "ui/look.h"
#include "ui/status_text.h"
#include "ui/tinted_icon.h"

namespace larder::ui {

namespace {

constexpr int kBetweenUpdatesMs = 500;
constexpr int kLookAgainMs = 5000;
constexpr std::size_t kModelsInMenu = 20;

QString menuText(QString text) { return text.replace(QLatin1Char('&'), QStringLiteral("&&")); }

void setActionText(QAction& action, const QString& text) {
    if (action.text() != text) action.setText(text);
}

MainWindow* openMainWindow() {
    for (QWidget* widget : QApplication::topLevelWidgets())
        if (auto* window = qobject_cast<MainWindow*>(widget)) return window;
    return nullptr;
}

// Which page tells more about it.
PageId pageOf(Notice::Kind kind) {
    switch (kind) {
        case Notice::Kind::DownloadDone:
        case Notice::Kind::DownloadFailed:
        case Notice::Kind::ModelFailed: return PageId::Models;
        case Notice::Kind::LowDisk: return PageId::Settings;
        case Notice::Kind::CacheProblem: return PageId::Cache;
        case Notice::Kind::ServerFailed: break;
    }
    return PageId::Overview;
}

}  // namespace

struct Tray::Actions {
    QAction* state = nullptr;
    QAction* startStop = nullptr;
    QAction* restart = nullptr;
    QMenu* stats = nullptr;
    std::array<QAction*, 6> figures{};
    QMenu* models = nullptr;
    QAction* copyAddress = nullptr;
    QAction* copyKey = nullptr;

    std::optional<Light> shownLight;
    std::vector<std::string> shownModels;  // what the models menu was built for
    std::vector<std::string> shownLoaded;
    bool modelsBuilt = false;
};

Tray::Tray(EngineModel& model, QObject* parent) : QObject(parent), m_model(model), m_actions(std::make_unique<Actions>()) {
    for (const Notice& notice : model.snapshot().notices) m_noticesShown = std::max(m_noticesShown, notice.number);
    buildMenu();
    m_icon.setContextMenu(&m_menu);
    m_pace.setSingleShot(true);
    m_pace.setInterval(kBetweenUpdatesMs);
    connect(&m_pace, &QTimer::timeout, this, [this] {
        if (std::exchange(m_behind, false)) update();
    });
    connect(&m_model, &EngineModel::changed, this, [this] {
        showNotices();
        if (m_pace.isActive()) {
            m_behind = true;
        } else {
            update();
        }
    });
    connect(&m_icon, &QSystemTrayIcon::activated, this, [this](QSystemTrayIcon::ActivationReason reason) {
        if (reason == QSystemTrayIcon::Trigger || reason == QSystemTrayIcon::DoubleClick) toggleWindow();
    });
    connect(&m_icon, &QSystemTrayIcon::messageClicked, this, &Tray::openNoticePage);
    update();
    m_icon.show();
    m_available = QSystemTrayIcon::isSystemTrayAvailable();
    if (!m_available) watchAvailability();
}

Tray::~Tray() = default;

void Tray::buildMenu() {
    const Look& look = Look::instance();
    const auto add = [this, &look](const QString& text, const QString& icon, std::function<void()> act) {
        QAction* action = icon.isEmpty() ? m_menu.addAction(text) : m_menu.addAction(look.icon(icon), text);
        connect(action, &QAction::triggered, this, std::move(act));
        return action;
    };
    m_actions->state = m_menu.addAction(QString());
    m_actions->state->setEnabled(false);
    m_menu.addSeparator();
    add(tr("Open Larder"), QStringLiteral("overview"), [this] {
        const MainWindow* window = openMainWindow();
        Q_EMIT windowWanted(window ? window->currentPage() : PageId::Overview);
    });
    m_actions->startStop = add(QString(), QStringLiteral("power"), [this] {
        const ServerState server = m_model.snapshot().server;
        if (server == ServerState::Stopped || server == ServerState::Failed) {
            m_model.service().startServer();
        } else {
            m_model.service().stopServer();
        }
    });
    m_actions->restart = add(tr("Restart server to use the new settings"), QStringLiteral("retry"),
                             [this] { m_model.service().restartServer(); });
    m_menu.addSeparator();
    m_actions->stats = m_menu.addMenu(tr("Serving stats"));
    for (QAction*& figure : m_actions->figures) {
        figure = m_actions->stats->addAction(QString());
        figure->setEnabled(false);
    }
    m_actions->models = m_menu.addMenu(look.icon(QStringLiteral("models")), tr("Models"));
    m_menu.addSeparator();
    m_actions->copyAddress = add(tr("Copy address"), QStringLiteral("copy"), [this] {
        QApplication::clipboard()->setText(QString::fromStdString(m_model.snapshot().address));
    });
    m_actions->copyKey = add(tr("Copy API key"), QStringLiteral("key"), [this] {
        QApplication::clipboard()->setText(QString::fromStdString(m_model.snapshot().apiKey));
    });
    m_menu.addSeparator();
    add(tr("Settings"), QStringLiteral("settings"), [this] { Q_EMIT windowWanted(PageId::Settings); });
    add(tr("Logs"), QStringLiteral("logs"), [this] { Q_EMIT windowWanted(PageId::Logs); });
    add(tr("About Larder"), QStringLiteral("info"), [this] { Q_EMIT aboutWanted(); });
    m_menu.addSeparator();
    add(tr("Quit"), QStringLiteral("quit"), [this] { Q_EMIT quitWanted(); });
}

void Tray::update() {
    m_pace.start();
    const StatusText status(m_model.snapshot());
    if (m_actions->shownLight != status.light()) {
        m_actions->shownLight = status.light();
        const QIcon picture = pictureIcon(status.iconName());
        m_icon.setIcon(picture);
        m_actions->state->setIcon(picture);
    }
    const QString tip = status.tooltip();
    if (m_icon.toolTip() != tip) m_icon.setToolTip(tip);

    const QString subject = status.subject();
    setActionText(*m_actions->state, menuText(subject.isEmpty() ? status.headline() : tr("%1: %2").arg(status.headline(), subject)));
    setActionText(*m_actions->figures[0], tr("This run: %1 tokens processed").arg(status.tokensProcessed()));
    setActionText(*m_actions->figures[1], tr("Tokens from the cache: %1").arg(status.tokensCached()));
    setActionText(*m_actions->figures[2], tr("Cache efficiency: %1").arg(status.cacheEfficiency()));
    setActionText(*m_actions->figures[3], tr("Prefill: %1").arg(status.prefillRate()));
    setActionText(*m_actions->figures[4], tr("Decode: %1").arg(status.decodeRate()));
    setActionText(*m_actions->figures[5], tr("Time to first token: %1").arg(status.timeToFirstToken()));
    updateServerActions();
    updateModels();
}

void Tray::updateServerActions() {
    const ServiceSnapshot& now = m_model.snapshot();
    QString text = tr("Stop server");
    if (now.server == ServerState::Stopped) text = tr("Start server");
    if (now.server == ServerState::Failed) text = tr("Try to start the server again");
    if (now.server == ServerState::Stopping) text = tr("Stopping ...");
    setActionText(*m_actions->startStop, text);
    m_actions->startStop->setEnabled(now.server != ServerState::Stopping);
    m_actions->restart->setVisible(now.restartNeeded && now.server == ServerState::Running);
    m_actions->copyAddress->setEnabled(!now.address.empty());
    m_actions->copyKey->setEnabled(!now.apiKey.empty());
}

void Tray::updateModels() {
    const ServiceSnapshot& now = m_model.snapshot();
    std::vector<std::string> names;
    for (const ModelInfo& model : *now.models)
        if (model.problem.empty()) names.push_back(model.name);
    std::vector<std::string> loaded;   // or being loaded
    for (const ModelStatus& model : now.engine.models)
        if (model.state == ModelState::Loaded || model.state == ModelState::Loading) loaded.push_back(model.name);
    if (m_actions->modelsBuilt && names == m_actions->shownModels && loaded == m_actions->shownLoaded) return;
    m_actions->modelsBuilt = true;
    m_actions->shownModels = names;
    m_actions->shownLoaded = loaded;

    QMenu& menu = *m_actions->models;
    for (QMenu* old : menu.findChildren<QMenu*>(Qt::FindDirectChildrenOnly)) old->deleteLater();  // clear() leaves submenus
    menu.clear();
    for (std::size_t i = 0; i < names.size(); ++i) {
        const bool isLoaded = std::find(loaded.begin(), loaded.end(), names[i]) != loaded.end();
        if (i >= kModelsInMenu && !isLoaded) continue;  // the rest is on the Models page
        QAction* action = menu.addAction(menuText(QString::fromStdString(names[i])));
        action->setCheckable(true);
        action->setChecked(isLoaded);
        // What goes wrong comes as a notice; the check mark follows what is really loaded.
        connect(action, &QAction::triggered, this, [this, name = names[i]] {
            m_actions->modelsBuilt = false;
            m_model.service().loadModel(name, m_model.reply<void>(this, [this](const Expected<void>&) { updateModels(); }));
        });
    }
    if (names.empty()) menu.addAction(tr("No model yet"))->setEnabled(false);
    menu.addSeparator();
    addUnloadEntries(loaded);
    connect(menu.addAction(tr("Manage models ...")), &QAction::triggered, this, [this] { Q_EMIT windowWanted(PageId::Models); });
}

// One that is loaded needs one entry; of several each can go alone, or all at once.
void Tray::addUnloadEntries(const std::vector<std::string>& loaded) {
    QMenu& menu = *m_actions->models;
    if (loaded.empty()) return;
    if (loaded.size() == 1) {
        connect(menu.addAction(tr("Unload")), &QAction::triggered, this, [this, name = loaded.front()] { unload(name); });
        return;
    }
    QMenu* which = menu.addMenu(tr("Unload"));
    for (const std::string& name : loaded)
        connect(which->addAction(menuText(QString::fromStdString(name))), &QAction::triggered, this, [this, name] { unload(name); });
    which->addSeparator();
    connect(which->addAction(tr("All of them")), &QAction::triggered, this, [this] { unload(std::string()); });
}

void Tray::unload(const std::string& name) {
    m_model.service().unloadModel(name, m_model.reply<void>(this, [](const Expected<void>&) {}));
}

// Several at once become one notification: the desktop shows one at a time.
void Tray::showNotices() {
    const ServiceSnapshot& now = m_model.snapshot();
    QStringList sentences;
    bool grave = false;
    for (const Notice& notice : now.notices) {
        if (notice.number <= m_noticesShown) continue;
        m_noticesShown = notice.number;
        sentences += QString::fromStdString(notice.text);
        m_noticePage = pageOf(notice.kind);
        grave = grave || notice.kind != Notice::Kind::DownloadDone;
    }
    if (sentences.isEmpty() || !now.settings.notifications) return;
    while (sentences.size() > 4) sentences.removeFirst();
    const QString text = sentences.join(QLatin1Char('\n'));
    m_icon.showMessage(tr("Larder"), text, grave ? QSystemTrayIcon::Warning : QSystemTrayIcon::Information);
    Q_EMIT notified(text);
}

void Tray::openNoticePage() { Q_EMIT windowWanted(m_noticePage); }

void Tray::toggleWindow() {
    MainWindow* window = openMainWindow();
    if (window && window->isVisible() && window->isActiveWindow()) {
        window->hide();
    } else {
        Q_EMIT windowWanted(window ? window->currentPage() : PageId::Overview);
    }
}

// Panels may start after Larder, at login most of all.
void Tray::watchAvailability() {
    m_lookAgain.setInterval(kLookAgainMs);
    connect(&m_lookAgain, &QTimer::timeout, this, [this] {
        if (--m_looksLeft <= 0) m_lookAgain.stop();
        lookForTray();
    });
    m_lookAgain.start();
    if (!qEnvironmentVariableIsSet("DBUS_SESSION_BUS_ADDRESS")) return;
    auto* watcher = new QDBusServiceWatcher(QStringLiteral("org.kde.StatusNotifierWatcher"), QDBusConnection::sessionBus(),
                                            QDBusServiceWatcher::WatchForRegistration, this);
    connect(watcher, &QDBusServiceWatcher::serviceRegistered, this, &Tray::lookForTray);
}

void Tray::lookForTray() {
    if (m_available || !QSystemTrayIcon::isSystemTrayAvailable()) return;
    m_lookAgain.stop();
    m_available = true;
    m_icon.show();
    Q_EMIT availabilityChanged(true);
}

}  // namespace larder::ui
