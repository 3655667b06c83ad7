// How much of a step prompts may take. It learns what rows cost from the steps that were, and shares time between those
// that decode and those that wait for their prompt. Engine thread only; knows no clock.
//
// Cost of prompt rows: ms = a * rows + b * (sum of their positions), fitted to the latest steps with decaying weights: a is
// the work of the weights, b that of attention, which grows with the depth.
//
// Share: a step that decodes earns credit for prompts, one that also computes prompts spends it. Prompts run while the
// credit is not negative, in chunks that are long enough to be efficient, so over time decoding keeps its share.
#pragma once

#include <cstddef>

namespace larder::generate {

struct StepShape {
    std::size_t decodeRows = 0;
    std::size_t prefillRows = 0;
    double prefillPositions = 0;  // sum of the positions of the prompt rows
};

// Sum of the positions first, first + 1, ... of so many rows.
double positionsOf(std::size_t rows, std::size_t first);

class PrefillPacer {
public:
    // stepMs: how long a step with prompt rows should take. decodeShare: of the time, in (0, 1).
    PrefillPacer(double stepMs, double decodeShare) : m_stepMs(stepMs), m_decodeShare(decodeShare) {}

    // Time for the prompt rows of the next step; 0: it only decodes.
    double budgetMs(bool decoding) const;

    // Of all prompts of a step together, even if they take longer than the budget.
    std::size_t leastRows(bool decoding) const;

    // Expected cost of `rows` rows from this position on, and the most rows that cost at most `ms`.
    double costMs(std::size_t rows, std::size_t firstPosition) const;
    std::size_t rowsWithin(double ms, std::size_t firstPosition) const;

    void note(const StepShape& shape, double ms);

private:
    void learnCost(const StepShape& shape, double ms);
    void settleCredit(const StepShape& shape, double ms);

    double m_stepMs;
    double m_decodeShare;
    double m_decodeMs = 0;        // of a step that only decodes; 0 = none was yet
    double m_creditMs = 0;
    double m_rowMs = 0;           // a; 0 = not known yet
    double m_positionMs = 0;      // b
    struct Sums {                 // decaying sums of products: r rows, p positions, t ms
        double rr = 0, rp = 0, pp = 0, rt = 0, pt = 0;
    };
    Sums m_sums;
};

}  // namespace larder::generate
