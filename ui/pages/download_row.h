// One download: what, how far, how fast, and what can be done with it. GUI thread only.
#pragma once

#include <QWidget>

#include "engine/downloads.h"

class QPushButton;

namespace larder::ui {

class Badge;
class Meter;
class TextLabel;

QString downloadName(const DownloadStatus& status);   // "org/name Q4_0"

class DownloadRow : public QWidget {
    Q_OBJECT

public:
    explicit DownloadRow(QWidget* parent = nullptr);

    void show(const DownloadStatus& status);
    QWidget* chainTabOrder(QWidget* before);   // its last control

signals:
    void pauseWanted();
    void resumeWanted();
    void cancelWanted();

private:
    void showButtons(const DownloadStatus& status, const QString& name);
    void showRemark(const DownloadStatus& status);

    DownloadState m_state = DownloadState::Queued;
    TextLabel* m_title;
    Badge* m_word;
    Meter* m_meter;
    TextLabel* m_remark;
    QPushButton* m_toggle;   // Pause, Resume or Retry
    QPushButton* m_cancel;   // Cancel, or Clear when done
};

}  // namespace larder::ui
