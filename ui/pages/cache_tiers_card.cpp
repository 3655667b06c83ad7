#include "ui/pages/cache_tiers_card.h"

#include <QHBoxLayout>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/pages/text_label.h"
#include "ui/pages/tier_parts.h"
#include "ui/pages/tile_grid.h"
#include "ui/status_text.h"
#include "ui/widgets/badge.h"
#include "ui/widgets/figure.h"
#include "ui/widgets/meter.h"
#include "ui/widgets/stacked_meter.h"

namespace larder::ui {
namespace {

bool isServerUp(const ServiceSnapshot& snapshot) {
    return snapshot.server == ServerState::Running || snapshot.server == ServerState::Stopping;
}

}  // namespace

bool isColdTierKnown(const ServiceSnapshot& snapshot) { return isServerUp(snapshot) || snapshot.engine.coldTier.limitBytes > 0; }

CacheTiersCard::CacheTiersCard(QWidget* parent) : Card(tr("Prompt cache"), parent) {
    m_check = new QPushButton(tr("Check all files"));
    m_check->setObjectName(QStringLiteral("checkCache"));
    m_check->setToolTip(tr("Reads every file on the disk and compares it with its checksum. Requests go on meanwhile."));
    m_clear = new QPushButton(tr("Clear all ..."));
    m_clear->setObjectName(QStringLiteral("clearCache"));
    m_clear->setProperty("danger", true);
    header()->addWidget(m_check);
    header()->addWidget(m_clear);
    connect(m_check, &QPushButton::clicked, this, &CacheTiersCard::checkWanted);
    connect(m_clear, &QPushButton::clicked, this, &CacheTiersCard::clearWanted);
    body()->setSpacing(Look::instance().space(4));
    m_progress = new Meter;
    m_progress->setObjectName(QStringLiteral("cacheProgress"));
    m_progress->setAccessibleName(tr("Work on the cache"));
    m_progress->hide();
    body()->addWidget(m_progress);
    buildMemory();
    buildDisk();
}

void CacheTiersCard::buildMemory() {
    auto* box = new QVBoxLayout;
    box->setSpacing(Look::instance().space(1));
    m_hot = new StackedMeter;
    m_hot->setObjectName(QStringLiteral("hotMeter"));
    m_hot->setAccessibleName(tr("Prompt cache in memory"));
    m_hot->setToolTip(tr("In use: what running requests read and write. Kept: for later requests that begin alike; given up when room is "
                         "needed."));
    m_hotNote = new TextLabel(TextLabel::Style::Small);
    box->addWidget(new TextLabel(TextLabel::Style::Body, tr("In memory")));
    box->addWidget(m_hot);
    box->addWidget(m_hotNote);
    body()->addLayout(box);
}

void CacheTiersCard::buildDisk() {
    const Look& look = Look::instance();
    auto* box = new QVBoxLayout;
    box->setSpacing(look.space(1));
    auto* first = new QHBoxLayout;
    first->setSpacing(look.space(2));
    m_state = new Badge;
    m_state->setObjectName(QStringLiteral("coldState"));
    first->addWidget(new TextLabel(TextLabel::Style::Body, tr("On the disk")));
    first->addWidget(m_state);
    first->addStretch(1);
    m_cold = new StackedMeter;
    m_cold->setObjectName(QStringLiteral("coldMeter"));
    m_cold->setAccessibleName(tr("Prompt cache on the disk"));
    m_cold->setToolTip(tr("Pinned prefixes stay until you unpin them. The rest makes room for newer ones, what was used least first."));
    m_coldNote = new TextLabel(TextLabel::Style::Small);
    m_coldNote->setObjectName(QStringLiteral("coldNote"));
    m_quarantine = new TextLabel(TextLabel::Style::Body);
    m_quarantine->setObjectName(QStringLiteral("quarantine"));
    m_quarantine->setTone(Tone::Warning);
    m_written = new Meter;
    m_written->setObjectName(QStringLiteral("writtenToday"));
    m_written->setAccessibleName(tr("Written to the disk today"));
    m_live = new QWidget;
    auto* live = new QVBoxLayout(m_live);
    live->setContentsMargins(0, look.space(2), 0, 0);
    live->setSpacing(look.space(4));
    live->addWidget(m_written);
    auto* tiles = new TileGrid(4);
    const auto figure = [tiles](const QString& caption, const QString& explanation) {
        auto* made = new Figure(caption);
        made->setToolTip(explanation);
        tiles->add(made);
        return made;
    };
    m_blocks = figure(tr("Blocks"), tr("Files on the disk, of 64 tokens each."));
    m_hits = figure(tr("Hits"), tr("Blocks that were read from the disk since the server started, instead of being computed again."));
    m_misses = figure(tr("Misses"), tr("Blocks that were asked for since the server started and were gone or damaged: they were computed again."));
    m_read = figure(tr("Read back"), tr("Bytes read from the disk since the server started."));
    live->addWidget(tiles);
    box->addLayout(first);
    box->addWidget(m_cold);
    box->addWidget(m_coldNote);
    box->addWidget(m_live);
    body()->addLayout(box);
    body()->addWidget(m_quarantine);
}

void CacheTiersCard::setWorking(bool checking, bool clearing) {
    m_check->setEnabled(!checking && !clearing);
    m_clear->setEnabled(!checking && !clearing);
    m_progress->setVisible(checking || clearing);
    if (checking) m_progress->set(-1, tr("Checking all files. Requests go on meanwhile."), Tone::Busy);
    else if (clearing) m_progress->set(-1, tr("Clearing ..."), Tone::Busy);
}

void CacheTiersCard::show(const ServiceSnapshot& snapshot, const std::optional<CacheListing>& listing) {
    const HotTierStatus& hot = snapshot.engine.hotTier;
    const bool inMemory = isServerUp(snapshot) && hot.limitBytes > 0;
    m_hot->setVisible(inMemory);
    if (inMemory) m_hot->set(hotTierParts(hot), tr("of %1").arg(StatusText::bytes(hot.limitBytes)), StatusText(snapshot).hotTier());
    m_hotNote->setVisible(!inMemory);
    if (!inMemory)
        m_hotNote->setSentence(isServerUp(snapshot) ? tr("Nothing is kept in memory yet.") : tr("Empty while the server is stopped."));
    showState(snapshot);
    showDisk(snapshot, listing);
}

void CacheTiersCard::showState(const ServiceSnapshot& snapshot) {
    const ColdTierStatus& tier = snapshot.engine.coldTier;
    if (snapshot.settings.coldCacheBytes == std::size_t{0} && !tier.on) m_state->set(tr("off"), Tone::Neutral);
    else if (!isColdTierKnown(snapshot)) m_state->set(tr("server stopped"), Tone::Neutral);
    else if (!tier.on) m_state->set(tr("off"), tier.problem.empty() ? Tone::Neutral : Tone::Bad);
    else if (!tier.problem.empty()) m_state->set(tr("not writing"), Tone::Warning);
    else if (tier.writing) m_state->set(tr("writing"), Tone::Busy);
    else m_state->set(tr("on"), Tone::Good);
}

void CacheTiersCard::showDisk(const ServiceSnapshot& snapshot, const std::optional<CacheListing>& listing) {
    const ColdTierStatus& tier = snapshot.engine.coldTier;
    const bool known = isColdTierKnown(snapshot) && tier.on;
    m_cold->setVisible(known);
    m_live->setVisible(known);
    m_quarantine->setVisible(tier.quarantineFiles > 0);
    if (tier.quarantineFiles > 0) {
        const QString folder = QString::fromStdString(tier.folder.empty() ? std::string("quarantine") : tier.folder + "/quarantine");
        m_quarantine->setSentence(tier.quarantineFiles == 1
                                      ? tr("1 file is in quarantine: it did not match its checksum and is never used; what it held is computed "
                                           "again. It lies in %1 and can be deleted. More of them mean that the disk should be looked at.")
                                            .arg(folder)
                                      : tr("%1 files are in quarantine: they did not match their checksums and are never used; what they held "
                                           "is computed again. They lie in %2 and can be deleted. More of them mean that the disk should be "
                                           "looked at.")
                                            .arg(StatusText::count(tier.quarantineFiles), folder));
    }
    if (known) {
        m_cold->set(coldTierParts(tier), coldTierLimit(tier), StatusText(snapshot).coldTier());
        m_coldNote->setSentence(tier.floorBytes > 0 ? tr("%1 are free on this disk; %2 of them are left to other programs.")
                                                          .arg(StatusText::bytes(tier.freeDiskBytes), StatusText::bytes(tier.floorBytes))
                                                    : tr("%1 are free on this disk.").arg(StatusText::bytes(tier.freeDiskBytes)));
        showWritten(tier);
        showFigures(tier);
        return;
    }
    if (!listing || listing->models.empty()) return m_coldNote->setSentence(tr("Nothing is known to be kept there."));
    std::uint64_t kept = 0, pinned = 0;
    for (const CachedModel& model : listing->models) {
        kept += model.bytes;
        pinned += model.pinnedBytes;
    }
    m_coldNote->setSentence(pinned > 0 ? tr("%1 are kept, %2 of them pinned.").arg(StatusText::bytes(kept), StatusText::bytes(pinned))
                                       : tr("%1 are kept.").arg(StatusText::bytes(kept)));
}

void CacheTiersCard::showWritten(const ColdTierStatus& tier) {
    const QString today = StatusText::bytes(tier.writtenTodayBytes);
    if (tier.bytesPerDay == 0) return m_written->set(0, tr("%1 written today; there is no limit for a day").arg(today));
    const double share = static_cast<double>(tier.writtenTodayBytes) / static_cast<double>(tier.bytesPerDay);
    m_written->set(share, tr("%1 written today, of %2 a day").arg(today, StatusText::bytes(tier.bytesPerDay)),
                   share >= 1 ? Tone::Warning : Tone::Neutral);
}

void CacheTiersCard::showFigures(const ColdTierStatus& tier) {
    m_blocks->setValue(StatusText::count(tier.blocks));
    m_hits->setValue(StatusText::count(tier.readBlocks));
    m_misses->setValue(StatusText::count(tier.missedBlocks));
    m_read->setValue(StatusText::bytes(tier.readBytes));
}

}  // namespace larder::ui
