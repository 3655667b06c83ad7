// The share of the prompts that came from the cache, over the last day, week or month. Asked of the service when it is shown and
// every minute while it is; all models together. GUI thread only.
#pragma once

#include <QTimer>
#include <cstdint>
#include <vector>

#include "ui/engine_model.h"
#include "ui/widgets/card.h"

class QComboBox;

namespace larder::ui {

class HourChart;
class NoteLabel;

class CacheHoursCard : public Card {
    Q_OBJECT

public:
    explicit CacheHoursCard(EngineModel& model, QWidget* parent = nullptr);
    void refresh();
    QWidget* lastControl() const;   // for the order of Tab

protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;

private:
    void take(std::int64_t firstHour, int hours, const std::vector<UsageHour>& found);

    EngineModel& m_model;
    QComboBox* m_range;
    HourChart* m_chart;
    NoteLabel* m_problem;
    QTimer m_minute{this};
    std::uint64_t m_turn = 0;   // of the latest question; older answers are dropped
};

}  // namespace larder::ui
