#include "app/application.h"

#include <QApplication>
#include <QMessageBox>
#include <QSocketNotifier>

#include "app/cli/command.h"
#include "ui/look.h"
#include "ui/pages/overview_page.h"
#include "ui/pages/settings_page.h"

namespace larder::app {
namespace {

QStringList autostartArguments(const Settings& settings) {
    if (settings.baseDir == defaultBaseDir()) return {};
    return {QStringLiteral("--base-dir"), QString::fromStdString(settings.baseDir.string())};
}

}  // namespace

Application::Application(const Settings& settings, bool hidden, SingleInstance& instance)
    : m_instance(instance),
      m_claimed(settings.baseDir),
      m_stop(kExitOk),
      m_autostart(autostartArguments(settings)),
      m_model([&](std::function<void()> changed) { return Service::create(settings, std::move(changed)); }),
      m_tray(m_model) {
    connect(&m_tray, &ui::Tray::windowWanted, this, &Application::showWindow);
    connect(&m_tray, &ui::Tray::aboutWanted, this, &Application::showAbout);
    connect(&m_tray, &ui::Tray::quitWanted, this, &Application::quit);
    connect(&m_tray, &ui::Tray::availabilityChanged, this, [this](bool available) {
        if (m_window) m_window->setTrayAvailable(available);
    });
    connect(&m_instance, &SingleInstance::showWanted, this, &Application::show);
    connect(&m_model, &ui::EngineModel::changed, this, [this] {
        // The wizard may have moved everything to another base directory.
        const auto& baseDir = m_model.snapshot().settings.baseDir;
        if (baseDir != m_claimed && m_instance.claim(baseDir, false)) m_claimed = baseDir;
    });

    m_stop.collect();
    auto* signal = new QSocketNotifier(m_stop.fd(), QSocketNotifier::Read, this);
    connect(signal, &QSocketNotifier::activated, this, [this] {
        m_stop.take();
        quit();
    });

    if (settings.setupDone && settings.startServerOnLaunch) m_model.service().startServer();
    if (!settings.setupDone || !hidden || !m_tray.available()) show();
}

Application::~Application() = default;

void Application::show() {
    if (m_wizard || !m_model.snapshot().settings.setupDone) showWizard();
    else showWindow(ui::PageId::Overview);
}

void Application::showWindow(ui::PageId page) {
    if (!m_window) {
        m_window = std::make_unique<ui::MainWindow>(m_model);
        m_window->setTrayAvailable(m_tray.available());
        connect(m_window.get(), &ui::MainWindow::quitWanted, this, &Application::quit);
        connect(m_window.get(), &ui::MainWindow::wizardWanted, this, &Application::showWizard);
        if (auto* settings = qobject_cast<ui::SettingsPage*>(m_window->page(ui::PageId::Settings)))
            settings->setAutostart(&m_autostart);
    }
    m_window->showPage(page);
    m_window->setWindowState(m_window->windowState() & ~Qt::WindowMinimized);
    m_window->show();
    m_window->raise();
    m_window->activateWindow();
}

void Application::showWizard() {
    if (!m_wizard) {
        m_wizard = new ui::Wizard(m_model);
        m_wizard->setAttribute(Qt::WA_DeleteOnClose);
        connect(m_wizard, &ui::Wizard::finishedSetup, this, [this] { showWindow(ui::PageId::Overview); });
        connect(m_wizard, &QDialog::rejected, this, [this] {
            // Setup was given up: with a tray icon Larder stays reachable; without one there would be nothing left to see.
            if (!m_window && !m_tray.available()) quit();
        });
    }
    m_wizard->show();
    m_wizard->raise();
    m_wizard->activateWindow();
}

void Application::showAbout() {
    QMessageBox::about(m_window ? m_window.get() : nullptr, tr("About Larder"),
                       tr("<h3>Larder %1</h3><p>Serves local language models to programs on this machine, and keeps what it has "
                          "computed.</p><p>Nothing you ask leaves this machine. There is no telemetry.</p>"
                          "<p>Free software under the GNU General Public License, version 3.</p>")
                           .arg(QStringLiteral(LARDER_VERSION)));
}

void Application::quit() {
    if (m_wizard) m_wizard->close();
    if (m_window) m_window->hide();
    QCoreApplication::quit();
}

}  // namespace larder::app
