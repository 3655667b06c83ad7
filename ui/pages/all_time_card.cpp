#include "ui/pages/all_time_card.h"

#include <QDateTime>
#include <QLocale>

#include "ui/look.h"
#include "ui/pages/text_label.h"
#include "ui/pages/tile_grid.h"
#include "ui/status_text.h"
#include "ui/widgets/figure.h"

namespace larder::ui {

AllTimeCard::AllTimeCard(QWidget* parent) : Card(tr("All time"), parent) {
    setObjectName(QStringLiteral("allTime"));
    auto* tiles = new TileGrid(4);
    m_figures = tiles;
    const auto figure = [tiles](const QString& caption, const QString& explanation) {
        auto* made = new Figure(caption);
        made->setToolTip(explanation);
        tiles->add(made);
        return made;
    };
    m_saved = figure(tr("Time saved"), tr("An estimate: the prompt tokens that came from the cache, at the mean speed at which the same "
                                          "model computes prompts on this computer."));
    m_cache = figure(tr("Cache efficiency"), tr("The share of all prompt tokens that came from the cache and were not computed again."));
    m_requests = figure(tr("Requests"), QString());
    m_tokens = figure(tr("Tokens"), tr("Of prompts and answers together."));
    m_sentence = new TextLabel(TextLabel::Style::Muted);
    m_sentence->setObjectName(QStringLiteral("allTimeSentence"));
    body()->addWidget(m_figures);
    body()->addWidget(m_sentence);
    show(UsageTotals{});
}

void AllTimeCard::show(const UsageTotals& totals) {
    const UsageCounters& all = totals.counters;
    const bool any = all.promptTokens > 0;
    m_figures->setVisible(any);
    if (!any) {
        m_sentence->setSentence(tr("Nothing was asked yet. Once programs ask, this says how much of their prompts came from the cache, "
                                   "and how much time that saved."));
        return;
    }
    const double saved = totals.savedSeconds();
    m_saved->setValue(saved > 0 ? StatusText::duration(saved) : QStringLiteral("-"));
    m_cache->setValue(StatusText::percent(all.cacheEfficiency()));
    m_requests->setValue(StatusText::count(all.requests));
    m_tokens->setValue(StatusText::count(all.promptTokens + all.generatedTokens));
    const QString prompts = StatusText::count(all.promptTokens), cached = StatusText::count(all.cachedTokens);
    const QString generated = StatusText::count(all.generatedTokens);
    const QString counts = all.loadedTokens == 0
                               ? tr("%1 prompt tokens, %2 of them from the cache, and %3 generated.").arg(prompts, cached, generated)
                               : tr("%1 prompt tokens, %2 of them from the cache, %3 of those from the disk, and %4 generated.")
                                     .arg(prompts, cached, StatusText::count(all.loadedTokens), generated);
    if (totals.sinceUnixMs <= 0) return m_sentence->setSentence(counts);
    const QDate since = QDateTime::fromMSecsSinceEpoch(totals.sinceUnixMs).date();
    m_sentence->setSentence(tr("Since %1: %2").arg(QLocale().toString(since, QLocale::LongFormat), counts));
}

}  // namespace larder::ui
