// The tray icon: state at a glance, live figures in the tooltip, and the menu. Also shows notices as notifications. Works with
// StatusNotifierItem and XEmbed hosts (Qt chooses); available() tells whether there is one, and it may come later: watch
// availabilityChanged. Follows the model at most twice a second. GUI thread only.
#pragma once

#include <QMenu>
#include <QObject>
#include <QSystemTrayIcon>
#include <QTimer>

#include "ui/engine_model.h"
#include "ui/main_window.h"

namespace larder::ui {

class Tray : public QObject {
    Q_OBJECT

public:
    explicit Tray(EngineModel& model, QObject* parent = nullptr);
    ~Tray() override;

    bool available() const { return m_available; }
    QMenu& menu() { return m_menu; }
    QSystemTrayIcon& icon() { return m_icon; }

signals:
    void windowWanted(PageId page);
    void aboutWanted();
    void quitWanted();
    void availabilityChanged(bool available);
    void notified(const QString& text);   // a notification was handed to the desktop

private:
    void buildMenu();
    void update();          // only touches what changed: a menu being read must not flicker
    void updateServerActions();
    void updateModels();
    void addUnloadEntries(const std::vector<std::string>& loaded);
    void unload(const std::string& name);
    void showNotices();
    void openNoticePage();
    void toggleWindow();
    void watchAvailability();
    void lookForTray();

    EngineModel& m_model;
    QMenu m_menu;
    QSystemTrayIcon m_icon;
    QTimer m_pace{this};       // runs for a moment after an update: the next one waits for it
    QTimer m_lookAgain{this};  // only while there is no tray, for the first minute
    std::uint64_t m_noticesShown = 0;
    PageId m_noticePage = PageId::Overview;
    int m_looksLeft = 12;
    bool m_available = false;
    bool m_behind = false;
    struct Actions;
    std::unique_ptr<Actions> m_actions;
};

}  // namespace larder::ui
