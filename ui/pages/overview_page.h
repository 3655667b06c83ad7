// The first page: is it running, where, how fast. The server's card, what it is at, the figures and
// charts of this run, and what all runs together brought. GUI thread only.
#pragma once

#include <QWidget>

#include "ui/engine_model.h"

class QPushButton;

namespace larder::ui {

class AllTimeCard;
class Banner;
class Card;
class Figure;
class HistoryCharts;
class NowCard;
class ServerCard;
class TextLabel;

class OverviewPage : public QWidget {
    Q_OBJECT

public:
    explicit OverviewPage(EngineModel& model, QWidget* parent = nullptr);

signals:
    void modelsWanted();     // "Get a model"
    void agentsWanted();     // "Connect Claude Code"
    void settingsWanted();   // what failed is mended there

protected:
    void showEvent(QShowEvent* event) override;

private:
    QWidget* buildNoModel();
    QWidget* buildFigures();
    void refresh();          // only while visible: nobody sees the others
    void refreshBanner();
    void refreshFigures();

    EngineModel& m_model;
    Banner* m_banner;
    QPushButton* m_connect;
    QWidget* m_noModel;
    ServerCard* m_server;
    NowCard* m_now;
    Figure* m_prefill;
    Figure* m_decode;
    Figure* m_ttft;
    Figure* m_cache;
    Figure* m_requests;
    Figure* m_tokens;
    TextLabel* m_totals;
    AllTimeCard* m_allTime;
    HistoryCharts* m_charts;
};

}  // namespace larder::ui
