#include "ui/pages/cache_hours_card.h"

#include <QComboBox>
#include <QDateTime>
#include <utility>

#include "ui/charts/hour_chart.h"
#include "ui/status_text.h"
#include "ui/widgets/form_row.h"
#include "ui/widgets/note_label.h"

namespace larder::ui {
namespace {

constexpr int kMinuteMs = 60'000;
constexpr std::int64_t kSecondsPerHour = 3600;

}  // namespace

CacheHoursCard::CacheHoursCard(EngineModel& model, QWidget* parent)
    : Card(tr("From the cache, by hour"), parent),
      m_model(model),
      m_range(new QComboBox),
      m_chart(new HourChart),
      m_problem(new NoteLabel) {
    m_range->setObjectName(QStringLiteral("hoursRange"));
    m_range->setAccessibleName(tr("How far back the chart goes"));
    m_range->addItem(tr("24 hours"), 24);
    m_range->addItem(tr("7 days"), 7 * 24);
    m_range->addItem(tr("30 days"), 30 * 24);
    guardWheel(m_range);
    m_chart->setEmptyText(tr("Reading the figures ..."));
    header()->addWidget(m_range);
    body()->addWidget(m_chart);
    body()->addWidget(m_problem);
    m_minute.setObjectName(QStringLiteral("everyMinute"));
    m_minute.setInterval(kMinuteMs);
    connect(&m_minute, &QTimer::timeout, this, &CacheHoursCard::refresh);
    connect(m_range, &QComboBox::currentIndexChanged, this, &CacheHoursCard::refresh);
}

void CacheHoursCard::showEvent(QShowEvent* event) {
    Card::showEvent(event);
    refresh();
    m_minute.start();
}

void CacheHoursCard::hideEvent(QHideEvent* event) {
    Card::hideEvent(event);
    m_minute.stop();
}

QWidget* CacheHoursCard::lastControl() const { return m_range; }

void CacheHoursCard::refresh() {
    const int hours = m_range->currentData().toInt();
    const std::int64_t first = QDateTime::currentSecsSinceEpoch() / kSecondsPerHour - hours + 1;   // the hour under way is the last
    const std::uint64_t turn = ++m_turn;
    m_model.service().usageByHour(first, m_model.reply<std::vector<UsageHour>>(this, [=, this](Expected<std::vector<UsageHour>> found) {
        if (turn != m_turn) return;
        m_problem->set(found.ok() ? QString() : tr("The figures cannot be read: %1").arg(StatusText::sentence(found.error().message)), Tone::Bad);
        if (found.ok()) take(first, hours, *found);
        else if (m_chart->isEmpty()) m_chart->setEmptyText(tr("No figures"));
    }));
}

void CacheHoursCard::take(std::int64_t firstHour, int hours, const std::vector<UsageHour>& found) {
    std::vector<UsageCounters> sums(static_cast<std::size_t>(hours));
    for (const UsageHour& each : found) {
        const std::int64_t index = each.unixHour - firstHour;
        if (index >= 0 && index < hours) sums[static_cast<std::size_t>(index)].add(each.counters);
    }
    m_chart->setEmptyText(tr("No requests in this time"));
    m_chart->show(firstHour, std::move(sums));
}

}  // namespace larder::ui
