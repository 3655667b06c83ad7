#include "ui/pages/overview_page.h"

#include <QDateTime>
#include <QHBoxLayout>
#include <QLocale>
#include <QPushButton>
#include <QVBoxLayout>
#include <algorithm>

#include "ui/charts/history_charts.h"
#include "ui/pages/all_time_card.h"
#include "ui/pages/now_card.h"
#include "ui/pages/server_card.h"
#include "ui/pages/text_label.h"
#include "ui/pages/tile_grid.h"
#include "ui/status_text.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/card.h"
#include "ui/widgets/figure.h"
#include "ui/widgets/page_scroll.h"

namespace larder::ui {

namespace {

bool anyRunnable(const ServiceSnapshot& snapshot) {
    return std::any_of(snapshot.models->begin(), snapshot.models->end(),
                       [](const ModelInfo& model) { return model.problem.empty(); });
}

QString sinceWhen(std::int64_t unixMs) {
    const QDateTime start = QDateTime::fromMSecsSinceEpoch(unixMs);
    const bool today = start.date() == QDate::currentDate();
    return today ? QLocale().toString(start.time(), QLocale::ShortFormat) : QLocale().toString(start, QLocale::ShortFormat);
}

}  // namespace

OverviewPage::OverviewPage(EngineModel& model, QWidget* parent) : QWidget(parent), m_model(model) {
    QVBoxLayout* layout = (new PageScroll(*this, tr("Overview")))->column();
    m_banner = new Banner;
    m_server = new ServerCard(model);
    m_now = new NowCard;
    m_totals = new TextLabel(TextLabel::Style::Muted);
    m_allTime = new AllTimeCard;
    m_charts = new HistoryCharts;
    m_noModel = buildNoModel();
    m_connect = new QPushButton(tr("Connect Claude Code"));
    m_connect->setObjectName(QStringLiteral("connectAgent"));
    auto* top = new QHBoxLayout;
    top->addWidget(new TextLabel(TextLabel::Style::Title, tr("Overview")), 1);
    top->addWidget(m_connect);
    layout->addLayout(top);
    layout->addWidget(m_banner);
    layout->addWidget(m_server);
    layout->addWidget(m_noModel);
    layout->addWidget(m_now);
    layout->addWidget(buildFigures());
    layout->addWidget(m_allTime);
    layout->addWidget(m_charts, 1);

    connect(m_connect, &QPushButton::clicked, this, &OverviewPage::agentsWanted);
    connect(m_server, &ServerCard::settingsWanted, this, &OverviewPage::settingsWanted);
    connect(m_banner, &Banner::actionClicked, this, [this] { m_model.service().restartServer(); });
    connect(&model, &EngineModel::changed, this, [this] {
        if (isVisible()) refresh();
    });
    refresh();
}

QWidget* OverviewPage::buildNoModel() {
    auto* card = new Card(tr("No model yet"));
    auto* row = new QHBoxLayout;
    auto* text = new TextLabel(TextLabel::Style::Body);
    text->setSentence(tr("Larder needs a language model to answer with. Choose one that fits this machine; it is downloaded once "
                         "and stays on your disk."));
    auto* get = new QPushButton(tr("Get a model"));
    get->setObjectName(QStringLiteral("getModel"));
    get->setProperty("primary", true);
    row->addWidget(text, 1);
    row->addWidget(get, 0, Qt::AlignVCenter);
    card->body()->addLayout(row);
    connect(get, &QPushButton::clicked, this, &OverviewPage::modelsWanted);
    return card;
}

QWidget* OverviewPage::buildFigures() {
    auto* card = new Card(tr("This run"));
    auto* tiles = new TileGrid(6);
    const auto figure = [tiles](const QString& caption) {
        auto* made = new Figure(caption);
        tiles->add(made);
        return made;
    };
    m_prefill = figure(tr("Prefill"));
    m_decode = figure(tr("Decode"));
    m_ttft = figure(tr("Time to first token"));
    m_cache = figure(tr("Cache efficiency"));
    m_requests = figure(tr("Requests"));
    m_tokens = figure(tr("Tokens"));
    card->body()->addWidget(tiles);
    card->body()->addWidget(m_totals);
    return card;
}

void OverviewPage::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    refresh();
}

void OverviewPage::refresh() {
    const ServiceSnapshot& snapshot = m_model.snapshot();
    refreshBanner();
    m_noModel->setVisible(snapshot.modelsKnown && !anyRunnable(snapshot));
    m_connect->setVisible(anyRunnable(snapshot));
    m_server->refresh();
    m_now->show(snapshot);
    refreshFigures();
    m_allTime->show(snapshot.allTime);
    const bool running = snapshot.server == ServerState::Running;
    m_charts->show(m_model.history(), running ? tr("Waiting for the first request") : tr("The server is not running"));
}

void OverviewPage::refreshBanner() {
    const ServiceSnapshot& snapshot = m_model.snapshot();
    if (!snapshot.engine.warning.empty()) {
        m_banner->show(QString::fromStdString(snapshot.engine.warning), Tone::Warning);
    } else if (snapshot.restartNeeded && snapshot.server == ServerState::Running) {
        m_banner->show(tr("Some settings take effect when the server starts anew."), Tone::Neutral, tr("Restart the server"));
    } else {
        m_banner->clear();
    }
}

void OverviewPage::refreshFigures() {
    const ServiceSnapshot& snapshot = m_model.snapshot();
    const StatusText status(snapshot);
    const EngineStatus& engine = snapshot.engine;
    m_prefill->setValue(status.prefillRate());
    m_decode->setValue(status.decodeRate());
    m_ttft->setValue(status.timeToFirstToken());
    m_cache->setValue(status.cacheEfficiency());
    m_requests->setValue(StatusText::count(engine.total.requests));
    m_tokens->setValue(status.tokensProcessed());
    QString totals;
    if (snapshot.server == ServerState::Running && snapshot.runningSinceUnixMs > 0) {
        totals = tr("Since %1: %2 prompt tokens, %3 of them from the cache, and %4 generated.")
                     .arg(sinceWhen(snapshot.runningSinceUnixMs), StatusText::count(engine.total.promptTokens),
                          StatusText::count(engine.total.cachedTokens), StatusText::count(engine.total.generatedTokens));
    } else {
        totals = tr("Figures appear here while the server runs.");
    }
    m_totals->setSentence(totals);
}

}  // namespace larder::ui
