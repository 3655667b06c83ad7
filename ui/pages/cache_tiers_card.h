// How full the prompt cache is, in memory and on the disk, how much was written today, and what came back from the disk; with
// buttons to check and to clear it. While no server runs it says what the listing knows. GUI thread only.
#pragma once

#include <optional>

#include "engine/service.h"
#include "ui/widgets/card.h"

class QPushButton;

namespace larder::ui {

class Badge;
class Figure;
class Meter;
class NoteLabel;
class StackedMeter;
class TextLabel;

// Whether the snapshot knows how the tier on the disk is: not while no server runs.
bool isColdTierKnown(const ServiceSnapshot& snapshot);

class CacheTiersCard : public Card {
    Q_OBJECT

public:
    explicit CacheTiersCard(QWidget* parent = nullptr);

    // listing: what was listed last, if anything was.
    void show(const ServiceSnapshot& snapshot, const std::optional<CacheListing>& listing);
    void setWorking(bool checking, bool clearing);   // one thing at a time

signals:
    void checkWanted();
    void clearWanted();

private:
    void buildMemory();
    void buildDisk();
    void showState(const ServiceSnapshot& snapshot);
    void showDisk(const ServiceSnapshot& snapshot, const std::optional<CacheListing>& listing);
    void showWritten(const ColdTierStatus& tier);
    void showFigures(const ColdTierStatus& tier);

    StackedMeter* m_hot;
    TextLabel* m_hotNote;
    Badge* m_state;
    StackedMeter* m_cold;
    TextLabel* m_coldNote;
    QWidget* m_live;             // what only a running server knows
    Meter* m_written;
    Figure* m_blocks;
    Figure* m_hits;
    Figure* m_misses;
    Figure* m_read;
    TextLabel* m_quarantine;
    Meter* m_progress;
    QPushButton* m_check;
    QPushButton* m_clear;
};

}  // namespace larder::ui
