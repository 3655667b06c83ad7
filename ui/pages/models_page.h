// The models on this disk, what is being downloaded, and the way to get another one. GUI thread only.
#pragma once

#include <QPointer>
#include <QWidget>

#include "ui/engine_model.h"

class QPushButton;

namespace larder::ui {

class Banner;
class DownloadDialog;
class DownloadQueueView;
class InstalledList;
class PageScroll;

class ModelsPage : public QWidget {
    Q_OBJECT

public:
    explicit ModelsPage(EngineModel& model, QWidget* parent = nullptr);

    // "Get a model", beginning with this text in its field; the open one is raised.
    void openDownloadDialog(const QString& text = {});

protected:
    void showEvent(QShowEvent* event) override;

private:
    void refresh();
    void load(const QString& name);
    void unload(const QString& name);
    void pin(const QString& name, bool pinned);
    void toggleDefault(const QString& name);
    void remove(const QString& name);
    void report(Expected<void> result);   // a failure goes to the banner

    EngineModel& m_model;
    PageScroll* m_scroll;
    Banner* m_banner;
    DownloadQueueView* m_downloads;
    InstalledList* m_installed;
    QPointer<DownloadDialog> m_dialog;   // deletes itself when closed
};

}  // namespace larder::ui
