#include "ui/pages/now_card.h"

#include <QHBoxLayout>
#include <QVBoxLayout>

#include "ui/model_text.h"
#include "ui/pages/text_label.h"
#include "ui/pages/tier_parts.h"
#include "ui/status_text.h"
#include "ui/widgets/badge.h"
#include "ui/widgets/meter.h"
#include "ui/widgets/stacked_meter.h"

namespace larder::ui {

// One model: its name, state and pin, what runs in it, and a bar while it is loaded.
class NowCard::ModelLine : public QWidget {
public:
    ModelLine() : m_name(new TextLabel(TextLabel::Style::Body)), m_detail(new TextLabel(TextLabel::Style::Small)) {
        const Look& look = Look::instance();
        setObjectName(QStringLiteral("modelLine"));
        m_state = new Badge(this);
        m_pinned = new Badge(this);
        m_progress = new Meter(this);
        auto* first = new QHBoxLayout;
        first->setSpacing(look.space(2));
        first->addWidget(m_name);
        first->addWidget(m_state);
        first->addWidget(m_pinned);
        first->addStretch(1);
        auto* column = new QVBoxLayout(this);
        column->setContentsMargins(0, 0, 0, 0);
        column->setSpacing(look.space(1));
        column->addLayout(first);
        column->addWidget(m_detail);
        column->addWidget(m_progress);
    }

    void showModel(const ModelStatus& model) {
        const ModelText text(model);
        const QString name = QString::fromStdString(model.name);
        m_name->setElided(name);
        m_state->set(text.word(), text.tone());
        m_pinned->set(model.pinned ? NowCard::tr("pinned") : QString(), Tone::Neutral);
        QStringList parts;
        for (const QString& part : {text.activity(), text.memory(), text.remark()})
            if (!part.isEmpty()) parts += part;
        const QString detail = parts.join(QStringLiteral(" · "));
        m_detail->setSentence(detail);
        m_detail->setTone(model.state == ModelState::Failed ? Tone::Bad : Tone::Neutral);
        m_detail->setVisible(!detail.isEmpty());
        m_progress->setVisible(model.state == ModelState::Loading);
        if (model.state == ModelState::Loading) {
            m_progress->set(model.loadProgress, QString(), Tone::Busy);
            m_progress->setAccessibleName(NowCard::tr("Loading of %1").arg(name));
            m_progress->setAccessibleDescription(text.word());
        }
        setAccessibleName(name);
        setAccessibleDescription(detail.isEmpty() ? text.word() : QStringLiteral("%1. %2").arg(text.word(), detail));
    }

private:
    TextLabel* m_name;
    TextLabel* m_detail;
    Badge* m_state;
    Badge* m_pinned;
    Meter* m_progress;
};

NowCard::NowCard(QWidget* parent) : Card(tr("Right now"), parent) {
    const Look& look = Look::instance();
    m_requests = new TextLabel(TextLabel::Style::Body);
    m_requests->setObjectName(QStringLiteral("requests"));
    m_requests->setToolTip(tr("Requests that begin alike are computed once: the later ones follow the first until then."));
    m_noModel = new TextLabel(TextLabel::Style::Muted, tr("No model is loaded."));
    m_lineLayout = new QVBoxLayout;
    m_lineLayout->setSpacing(look.space(2));
    m_hotMeter = new StackedMeter;
    m_hotMeter->setObjectName(QStringLiteral("hotTier"));
    m_hotMeter->setToolTip(tr("In use: what running requests read and write. Kept: for later requests that begin alike, also of models "
                              "that are not loaded now; given up when room is needed."));
    m_coldMeter = new StackedMeter;
    m_coldMeter->setObjectName(QStringLiteral("coldTier"));
    m_coldMeter->setToolTip(tr("What stays when memory is needed for something else, and over restarts. The page Cache says more."));
    body()->setSpacing(look.space(3));
    body()->addWidget(m_requests);
    body()->addLayout(m_lineLayout);
    body()->addWidget(m_noModel);
    m_hotTier = addTier(tr("Prompt cache in memory"), m_hotMeter);
    m_coldTier = addTier(tr("Prompt cache on the disk"), m_coldMeter);
}

QWidget* NowCard::addTier(const QString& name, StackedMeter* meter) {
    auto* box = new QWidget;
    auto* column = new QVBoxLayout(box);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(Look::instance().space(1));
    meter->setAccessibleName(name);
    column->addWidget(new TextLabel(TextLabel::Style::Body, name));
    column->addWidget(meter);
    body()->addWidget(box);
    return box;
}

void NowCard::show(const ServiceSnapshot& snapshot) {
    const bool there = snapshot.server == ServerState::Running || snapshot.server == ServerState::Starting;
    setVisible(there);
    if (!there) return;
    m_requests->setSentence(StatusText(snapshot).requests());
    showModels(snapshot.engine);
    showHotTier(snapshot);
    showColdTier(snapshot);
}

void NowCard::showModels(const EngineStatus& engine) {
    while (m_lines.size() < engine.models.size()) {
        m_lines.push_back(new ModelLine);
        m_lineLayout->addWidget(m_lines.back());
    }
    for (std::size_t i = 0; i < m_lines.size(); ++i) {
        const bool used = i < engine.models.size();
        if (used) m_lines[i]->showModel(engine.models[i]);
        m_lines[i]->setVisible(used);
    }
    m_noModel->setVisible(engine.models.empty());
}

void NowCard::showHotTier(const ServiceSnapshot& snapshot) {
    const HotTierStatus& tier = snapshot.engine.hotTier;
    m_hotTier->setVisible(tier.limitBytes > 0);
    if (tier.limitBytes == 0) return;
    m_hotMeter->set(hotTierParts(tier), tr("of %1").arg(StatusText::bytes(tier.limitBytes)), StatusText(snapshot).hotTier());
}

void NowCard::showColdTier(const ServiceSnapshot& snapshot) {
    const ColdTierStatus& tier = snapshot.engine.coldTier;
    m_coldTier->setVisible(tier.on);
    if (tier.on) m_coldMeter->set(coldTierParts(tier), coldTierLimit(tier), StatusText(snapshot).coldTier());
}

}  // namespace larder::ui
