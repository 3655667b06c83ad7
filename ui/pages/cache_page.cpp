#include "ui/pages/cache_page.h"

#include <QDateTime>
#include <QHBoxLayout>
#include <QPushButton>
#include <QVBoxLayout>
#include <algorithm>

#include "ui/ask.h"
#include "ui/pages/cache_hours_card.h"
#include "ui/pages/cache_limits_card.h"
#include "ui/pages/cache_tiers_card.h"
#include "ui/pages/cached_model_list.h"
#include "ui/pages/cached_prefix_list.h"
#include "ui/pages/text_label.h"
#include "ui/status_text.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/page_scroll.h"

namespace larder::ui {
namespace {

struct Kept {
    std::uint64_t bytes = 0;
    std::uint64_t pinnedBytes = 0;
    std::uint64_t unpinnedBytes() const { return bytes - std::min(bytes, pinnedBytes); }
};

// Of this name, which several models may have; of all where it is empty.
Kept keptOf(const CacheListing& listing, const std::string& name) {
    Kept kept;
    for (const CachedModel& model : listing.models) {
        if (!name.empty() && model.name != name) continue;
        kept.bytes += model.bytes;
        kept.pinnedBytes += model.pinnedBytes;
    }
    return kept;
}

}  // namespace

CachePage::CachePage(EngineModel& model, QWidget* parent) : QWidget(parent), m_model(model) {
    build();
    connect(m_refresh, &QPushButton::clicked, this, [this] {
        list();
        m_hours->refresh();
    });
    connect(m_state, &Banner::actionClicked, this, &CachePage::followAdvice);
    connect(m_result, &Banner::actionClicked, m_result, &Banner::clear);
    connect(m_tiers, &CacheTiersCard::checkWanted, this, &CachePage::check);
    connect(m_tiers, &CacheTiersCard::clearWanted, this, &CachePage::clearAll);
    connect(m_models, &CachedModelList::clearWanted, this, &CachePage::clearModel);
    connect(m_prefixes, &CachedPrefixList::pinWanted, this, &CachePage::pin);
    connect(&model, &EngineModel::changed, this, [this] {
        if (isVisible()) refresh();
    });
    showListing();
    refresh();
}

void CachePage::build() {
    m_scroll = new PageScroll(*this, tr("Cache"));
    QVBoxLayout* layout = m_scroll->column();
    m_refresh = new QPushButton(tr("Refresh"));
    m_refresh->setObjectName(QStringLiteral("refreshCache"));
    m_state = new Banner;
    m_state->setObjectName(QStringLiteral("cacheState"));
    m_result = new Banner;
    m_result->setObjectName(QStringLiteral("cacheResult"));
    m_tiers = new CacheTiersCard;
    m_hours = new CacheHoursCard(m_model);
    m_models = new CachedModelList;
    m_prefixes = new CachedPrefixList;
    m_limits = new CacheLimitsCard(m_model);
    auto* top = new QHBoxLayout;
    top->addWidget(new TextLabel(TextLabel::Style::Title, tr("Cache")), 1);
    top->addWidget(m_refresh);
    layout->addLayout(top);
    for (QWidget* part : std::initializer_list<QWidget*>{m_state, m_result, m_tiers, m_hours, m_models, m_prefixes, m_limits})
        layout->addWidget(part);
    layout->addStretch(1);
}

void CachePage::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    list();
    refresh();
}

void CachePage::refresh() {
    m_tiers->show(m_model.snapshot(), m_listing);
    m_limits->refresh();
    showAdvice();
}

void CachePage::showAdvice() {
    const ServiceSnapshot& now = m_model.snapshot();
    const ColdTierStatus& tier = now.engine.coldTier;
    const QString problem = StatusText::sentence(tier.problem);
    if (!tier.on && now.settings.coldCacheBytes == std::size_t{0})
        return advise(Advice::TurnOn, tr("The cache on the disk is off: its limit is 0. What models have read is forgotten when memory is "
                                         "needed or the server stops."),
                      Tone::Neutral, tr("Turn it on"));
    if (isColdTierKnown(now) && !tier.on && !problem.isEmpty())
        return advise(Advice::RestartServer, tr("The cache on the disk cannot be used: %1 Mend that, then restart the server. Requests are "
                                                "answered without it meanwhile.").arg(problem),
                      Tone::Bad, tr("Restart server"));
    if (isColdTierKnown(now) && !problem.isEmpty())
        return advise(Advice::Limits, tr("Nothing new is written to the disk: %1 What is there already is used as before.").arg(problem), Tone::Warning,
                      tr("Show limits"));
    advise(Advice::None, QString(), Tone::Neutral, QString());
}

void CachePage::advise(Advice advice, const QString& sentence, Tone tone, const QString& action) {
    m_advice = advice;
    m_state->show(sentence, tone, action);
}

void CachePage::followAdvice() {
    switch (m_advice) {
        case Advice::None: return;
        case Advice::RestartServer: return m_model.service().restartServer();
        case Advice::Limits: return m_scroll->ensureWidgetVisible(m_limits);
        case Advice::TurnOn: break;
    }
    Settings settings = m_model.snapshot().settings;
    settings.coldCacheBytes.reset();
    m_model.service().saveSettings(settings, m_model.reply<void>(this, [this](const Expected<void>& saved) {
        if (!saved.ok()) report(StatusText::sentence(saved.error().message), Tone::Bad);
        m_model.refresh();
    }));
}

void CachePage::list() {
    const std::uint64_t turn = ++m_turn;
    m_refresh->setEnabled(false);
    m_model.service().listCache(m_model.reply<CacheListing>(this, [this, turn](Expected<CacheListing> found) {
        if (turn != m_turn) return;
        m_refresh->setEnabled(true);
        m_listFailure = found.ok() ? QString() : StatusText::sentence(found.error().message);
        if (found.ok()) m_listing = std::move(*found);
        else m_listing.reset();
        showListing();
        m_tiers->show(m_model.snapshot(), m_listing);
    }));
}

void CachePage::showListing() {
    m_prefixes->show(m_listing ? m_listing->prefixes : std::vector<CachedPrefix>());
    if (m_listing) m_models->show(m_listing->models, QDateTime::currentMSecsSinceEpoch());
    else if (m_listFailure.isEmpty()) m_models->showNothing(tr("Reading what is kept ..."));
    else m_models->showNothing(tr("What is kept cannot be listed: %1").arg(m_listFailure));
    m_models->chainTabOrder(m_hours->lastControl());
}

void CachePage::setWork(Work work) {
    m_work = work;
    m_tiers->setWorking(work == Work::Checking, work == Work::Clearing);
    m_models->setWorking(work != Work::None);
}

void CachePage::pin(const std::string& id, bool pinned) {
    m_result->clear();
    m_prefixes->setWorking(true);
    m_model.service().pinCached(id, pinned, m_model.reply<void>(this, [this](const Expected<void>& done) {
        m_prefixes->setWorking(false);
        if (!done.ok()) report(StatusText::sentence(done.error().message), Tone::Bad);
        list();
    }));
}

void CachePage::check() {
    if (m_work != Work::None) return;
    m_result->clear();
    setWork(Work::Checking);
    m_model.service().verifyCache(m_model.reply<CacheVerified>(this, [this](const Expected<CacheVerified>& found) {
        setWork(Work::None);
        list();
        if (!found.ok()) return report(tr("The files cannot be checked: %1").arg(StatusText::sentence(found.error().message)), Tone::Bad);
        const QString blocks = StatusText::count(found->blocks), bytes = StatusText::bytes(found->bytes);
        const QString stopped = found->complete ? QString() : QLatin1Char(' ') + tr("The check was stopped before the end.");
        if (found->badBlocks > 0)
            return report(tr("%1 of %2 files were damaged and are in quarantine now. They are not used: what they held is computed again.")
                                  .arg(StatusText::count(found->badBlocks), blocks) + stopped,
                          Tone::Warning);
        if (!stopped.isEmpty()) return report(tr("%1 files were checked, and they are sound (%2).").arg(blocks, bytes) + stopped, Tone::Warning);
        report(found->blocks == 0 ? tr("There is no file to check.") : tr("All %1 files are sound (%2).").arg(blocks, bytes), Tone::Good);
    }));
}

void CachePage::clearModel(const QString& name) {
    if (m_work != Work::None || !m_listing) return;
    const Kept kept = keptOf(*m_listing, name.toStdString());
    bool pinnedToo = false;
    if (askToClear(tr("What is kept of %1 is deleted: %2. Its next prompts are computed anew.").arg(name, StatusText::bytes(kept.unpinnedBytes())),
                   tr("Clear"), kept.pinnedBytes, &pinnedToo))
        clear(name.toStdString(), pinnedToo);
}

void CachePage::clearAll() {
    if (m_work != Work::None) return;
    const ColdTierStatus& tier = m_model.snapshot().engine.coldTier;
    const Kept kept = m_listing ? keptOf(*m_listing, std::string()) : Kept{tier.usedBytes, tier.pinnedBytes};
    bool pinnedToo = false;
    if (askToClear(tr("All that is kept is deleted, in memory and on the disk: %1 there. The next prompts are computed anew.")
                       .arg(StatusText::bytes(kept.unpinnedBytes())),
                   tr("Clear all"), kept.pinnedBytes, &pinnedToo))
        clear(std::string(), pinnedToo);
}

bool CachePage::askToClear(const QString& sentence, const QString& yes, std::uint64_t pinnedBytes, bool* pinnedToo) {
    Question question;
    question.title = tr("Clear the cache");
    question.text = sentence;
    if (pinnedBytes > 0) question.option = tr("Also what is pinned: %1").arg(StatusText::bytes(pinnedBytes));
    question.yes = yes;
    question.no = tr("Cancel");
    question.dangerous = true;
    return Ask::confirm(this, question, pinnedToo);
}

void CachePage::clear(const std::string& model, bool pinnedToo) {
    m_result->clear();
    setWork(Work::Clearing);
    m_model.service().clearCache(model, pinnedToo, m_model.reply<CacheCleared>(this, [this](const Expected<CacheCleared>& done) {
        setWork(Work::None);
        list();
        if (!done.ok()) return report(tr("The cache cannot be cleared: %1").arg(StatusText::sentence(done.error().message)), Tone::Bad);
        QString sentence = tr("%1 were freed (%2 blocks).").arg(StatusText::bytes(done->bytes), StatusText::count(done->blocks));
        if (done->keptPinnedBlocks > 0) sentence += QLatin1Char(' ') + tr("%1 pinned blocks were kept.").arg(StatusText::count(done->keptPinnedBlocks));
        report(sentence, Tone::Good);
    }));
}

void CachePage::report(const QString& sentence, Tone tone) { m_result->show(sentence, tone, tr("Dismiss")); }

}  // namespace larder::ui
