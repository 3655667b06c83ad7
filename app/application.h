// The tray app: puts bridge, tray, window and wizard together and keeps them for the life of the process. GUI thread only.
#pragma once

#include <QObject>
#include <QPointer>
#include <memory>

#include "app/autostart.h"
#include "app/single_instance.h"
#include "app/stop_signal.h"
#include "engine/settings.h"
#include "ui/engine_model.h"
#include "ui/main_window.h"
#include "ui/tray.h"
#include "ui/wizard/wizard.h"

namespace larder::app {

class Application : public QObject {
    Q_OBJECT

public:
    // hidden: only the tray icon, as at login. REQUIRES a QApplication.
    Application(const Settings& settings, bool hidden, SingleInstance& instance);
    ~Application() override;

private:
    void showWindow(ui::PageId page);
    void showWizard();
    void showAbout();
    void quit();
    void show();  // what a second start asks for: the wizard while setup is not done, else the window

    SingleInstance& m_instance;
    std::filesystem::path m_claimed;  // the base directory that m_instance stands for
    StopSignal m_stop;
    LoginAutostart m_autostart;
    ui::EngineModel m_model;
    ui::Tray m_tray;
    std::unique_ptr<ui::MainWindow> m_window;  // made when first shown
    QPointer<ui::Wizard> m_wizard;
};

}  // namespace larder::app
