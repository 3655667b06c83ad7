// The window: navigation at the left (Overview, Requests, Models, Agents, Cache, Logs, Settings), the page at the right. Remembers
// its place and page. Readable down to 640x420 device-independent pixels: pages scroll, a narrow window shows the navigation
// as icons. A banner over the page says what needs the user's attention, and what to do about it.
#pragma once

#include <QHash>
#include <QMainWindow>

#include "ui/engine_model.h"
#include "ui/look.h"
#include "ui/status_text.h"

class QLabel;
class QListWidget;
class QStackedWidget;
class QToolButton;

namespace larder::ui {

class Banner;

// The numbers are remembered between runs (window.ini): new pages come last, wherever the navigation has them.
enum class PageId { Overview, Models, Logs, Settings, Cache, Agents, Requests };

class MainWindow : public QMainWindow {
    Q_OBJECT

public:
    explicit MainWindow(EngineModel& model, QWidget* parent = nullptr);
    ~MainWindow() override;

    void showPage(PageId page);
    PageId currentPage() const;
    QWidget* page(PageId page) const;
    // Without a tray icon closing the window is leaving: it asks once (Settings::closeAsked) whether to go on in the background.
    void setTrayAvailable(bool available) { m_trayAvailable = available; }

signals:
    void wizardWanted();                          // "Run setup again"
    void quitWanted();

protected:
    void changeEvent(QEvent* event) override;
    void closeEvent(QCloseEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void showEvent(QShowEvent* event) override;   // EngineModel::setWatched
    void hideEvent(QHideEvent* event) override;

private:
    enum class Advice { None, StartServer, RestartServer, OpenModels, OpenSettings };

    void addPage(PageId id, const QString& name, const QString& icon, QWidget* page);
    QWidget* buildSidebar();
    void buildShortcuts();
    void update();
    void updateBanner();
    void advise(Advice advice, const QString& sentence, Tone tone, const QString& action);
    void followAdvice();
    void arrangeSidebar();
    void updateWatched();
    bool staysInBackground();
    QString placeFile() const;
    void restorePlace();
    void savePlace() const;

    EngineModel& m_model;
    QWidget* m_sidebar = nullptr;
    QLabel* m_brand = nullptr;
    QLabel* m_brandName = nullptr;
    QListWidget* m_navigation;
    QToolButton* m_state = nullptr;
    Banner* m_banner;
    QWidget* m_bannerRow = nullptr;
    QStackedWidget* m_pages;
    QHash<int, QWidget*> m_pageById;
    QString m_headline;
    Light m_shownLight = Light::Stopped;
    Advice m_advice = Advice::None;
    bool m_narrow = false;
    bool m_trayAvailable = true;
};

}  // namespace larder::ui
