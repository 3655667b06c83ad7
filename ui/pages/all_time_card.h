// What the cache has brought since Larder was first used: the share of the prompts that came from it and the time that saved,
// over restarts. GUI thread only.
#pragma once

#include "engine/service.h"
#include "ui/widgets/card.h"

namespace larder::ui {

class Figure;
class TextLabel;

class AllTimeCard : public Card {
    Q_OBJECT

public:
    explicit AllTimeCard(QWidget* parent = nullptr);
    void show(const UsageTotals& totals);

private:
    QWidget* m_figures;
    Figure* m_saved;
    Figure* m_cache;
    Figure* m_requests;
    Figure* m_tokens;
    TextLabel* m_sentence;
};

}  // namespace larder::ui
