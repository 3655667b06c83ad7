// What the server is at right now: the requests, the models that are loaded or on their way, and how full the prompt caches
// in memory and on the disk are. GUI thread only.
#pragma once

#include <vector>

#include "engine/service.h"
#include "ui/widgets/card.h"

namespace larder::ui {

class StackedMeter;
class TextLabel;

class NowCard : public Card {
    Q_OBJECT

public:
    explicit NowCard(QWidget* parent = nullptr);

    void show(const ServiceSnapshot& snapshot);

private:
    class ModelLine;
    void showModels(const EngineStatus& engine);
    QWidget* addTier(const QString& name, StackedMeter* meter);
    void showHotTier(const ServiceSnapshot& snapshot);
    void showColdTier(const ServiceSnapshot& snapshot);

    TextLabel* m_requests;
    TextLabel* m_noModel;
    QVBoxLayout* m_lineLayout;
    std::vector<ModelLine*> m_lines;   // one a model, in their order; made when needed, hidden when not
    QWidget* m_hotTier;
    StackedMeter* m_hotMeter;
    QWidget* m_coldTier;
    StackedMeter* m_coldMeter;
};

}  // namespace larder::ui
