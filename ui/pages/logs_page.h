// The log of this process, as it grows: filtered by level and text, copied, and the folder with the files. Looks for new
// lines only while it is visible. GUI thread only.
#pragma once

#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTableView>
#include <QTimer>
#include <QWidget>

#include "ui/engine_model.h"
#include "ui/pages/logs_page_lines.h"

class QVBoxLayout;

namespace larder::ui {

class LogsPage : public QWidget {
    Q_OBJECT

public:
    explicit LogsPage(EngineModel& model, QWidget* parent = nullptr, LogSource source = logLinesAfter);

protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void buildTools(QVBoxLayout* column);
    void buildTable();
    void fetch();
    void copySelected();
    void copyShown();
    void openFolder();
    void showCount();
    bool isAtEnd() const;
    void fitText();
    void measure(int first, int last);

    EngineModel& m_model;
    LogLines* m_lines;
    LogFilter* m_shown;
    QComboBox* m_level;
    QLineEdit* m_filter;
    QPushButton* m_copySelected;
    QPushButton* m_copyShown;
    QTableView* m_table;
    QLabel* m_empty;
    QLabel* m_count;
    QTimer m_timer;
    int m_widestText = 0;      // in pixels, of all lines so far
};

}  // namespace larder::ui
