// "Get a model": one field that takes a model's ID, a link to it, or words to search for; what was found at the left, the
// versions of the chosen one at the right. While the field is empty, models recommended for this machine. GUI thread only.
#pragma once

#include <QDialog>
#include <QTimer>
#include <cstdint>

#include "ui/engine_model.h"

class QLineEdit;
class QListView;
class QPushButton;

namespace larder::ui {

class Banner;
class RepositoryList;
class RepositoryPanel;
class TextLabel;

class DownloadDialog : public QDialog {
    Q_OBJECT

public:
    explicit DownloadDialog(EngineModel& model, QWidget* parent = nullptr);

    void setText(const QString& text);   // as if typed, looked up at once

signals:
    void downloadQueued();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;   // arrow keys go from the field to the list

private:
    void build();
    void lookUp();
    void search(const QString& text);
    void searched(const QString& text, Expected<std::vector<SearchResult>> result);
    void showRecommended();
    void pick();                         // the list's current row
    void startDownload();

    EngineModel& m_model;
    QLineEdit* m_field;
    TextLabel* m_heading;
    Banner* m_banner;
    RepositoryList* m_found;
    QListView* m_list;
    RepositoryPanel* m_panel;
    QPushButton* m_download;
    QTimer m_typed;                      // runs while the user still types
    QTimer m_moved;                      // runs while the user still goes through the list
    std::uint64_t m_turn = 0;            // of the search that is the latest
};

}  // namespace larder::ui
