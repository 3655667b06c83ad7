#include "ui/pages/tier_parts.h"

#include <QCoreApplication>
#include <algorithm>

#include "ui/status_text.h"

namespace larder::ui {
namespace {

double shareOfLimit(std::uint64_t bytes, std::uint64_t limit) {
    return limit > 0 ? static_cast<double>(bytes) / static_cast<double>(limit) : 0;
}

QString tierWords(const char* text) { return QCoreApplication::translate("TierParts", text); }

}  // namespace

std::vector<StackedMeter::Part> hotTierParts(const HotTierStatus& tier) {
    return {{shareOfLimit(tier.leasedBytes, tier.limitBytes), Look::Role::Decode,
             tierWords(QT_TRANSLATE_NOOP("TierParts", "%1 in use")).arg(StatusText::bytes(tier.leasedBytes))},
            {shareOfLimit(tier.cachedBytes, tier.limitBytes), Look::Role::Cache,
             tierWords(QT_TRANSLATE_NOOP("TierParts", "%1 kept")).arg(StatusText::bytes(tier.cachedBytes))}};
}

std::vector<StackedMeter::Part> coldTierParts(const ColdTierStatus& tier) {
    const std::uint64_t pinned = std::min(tier.pinnedBytes, tier.usedBytes);
    std::vector<StackedMeter::Part> parts;
    if (pinned > 0)
        parts.push_back({shareOfLimit(pinned, tier.limitBytes), Look::Role::Prefill,
                         tierWords(QT_TRANSLATE_NOOP("TierParts", "%1 pinned")).arg(StatusText::bytes(pinned))});
    parts.push_back({shareOfLimit(tier.usedBytes - pinned, tier.limitBytes), Look::Role::Ttft,
                     tierWords(pinned > 0 ? QT_TRANSLATE_NOOP("TierParts", "%1 not pinned") : QT_TRANSLATE_NOOP("TierParts", "%1 kept"))
                         .arg(StatusText::bytes(tier.usedBytes - pinned))});
    return parts;
}

QString coldTierLimit(const ColdTierStatus& tier) {
    const QString limit = StatusText::bytes(tier.limitBytes);
    if (tier.pinnedBytes == 0) return tierWords(QT_TRANSLATE_NOOP("TierParts", "of %1")).arg(limit);
    return tierWords(QT_TRANSLATE_NOOP("TierParts", "together %1 of %2")).arg(StatusText::bytes(tier.usedBytes), limit);
}

}  // namespace larder::ui
