#include "engine/generate/prefill_pacer.h"

#include <algorithm>
#include <cmath>

namespace larder::generate {
namespace {

// While others decode, prompts come in shorter chunks: shorter pauses between their tokens, still efficient.
constexpr double kMixedStepShare = 2.0 / 3;
// Fewer prompt rows than these waste the pass over the weights. Where the weights alone take longer than a step for few rows,
// short steps cannot be had, and efficiency comes first.
constexpr std::size_t kLeastRows = 16;
constexpr std::size_t kLeastRowsOfSlowModel = 64;
constexpr std::size_t kLeastRowsOfSlowModelMixed = 32;
constexpr std::size_t kFirstRows = 32;        // before anything is known of the costs
constexpr double kMemory = 0.9;               // weight of a step against the next one
constexpr double kDecodeMemory = 0.7;
constexpr double kMostDebtSteps = 4;

}  // namespace

double positionsOf(std::size_t rows, std::size_t first) {
    const double n = static_cast<double>(rows);
    return n * static_cast<double>(first) + n * (n - 1) / 2;
}

double PrefillPacer::budgetMs(bool decoding) const {
    if (!decoding) return m_stepMs;
    return m_creditMs < 0 ? 0 : m_stepMs * kMixedStepShare;
}

std::size_t PrefillPacer::leastRows(bool decoding) const {
    if (m_rowMs * kLeastRowsOfSlowModelMixed < m_stepMs) return kLeastRows;
    return decoding ? kLeastRowsOfSlowModelMixed : kLeastRowsOfSlowModel;
}

double PrefillPacer::costMs(std::size_t rows, std::size_t firstPosition) const {
    return m_rowMs * static_cast<double>(rows) + m_positionMs * positionsOf(rows, firstPosition);
}

// The larger root of b/2 n^2 + (a + b (first - 1/2)) n = ms.
std::size_t PrefillPacer::rowsWithin(double ms, std::size_t firstPosition) const {
    if (m_rowMs <= 0 && m_positionMs <= 0) return kFirstRows;
    const double linear = m_rowMs + m_positionMs * (static_cast<double>(firstPosition) - 0.5);
    if (m_positionMs <= 0) return static_cast<std::size_t>(ms / m_rowMs);
    const double root = std::sqrt(linear * linear + 2 * m_positionMs * ms);
    return static_cast<std::size_t>(std::max(0.0, (root - linear) / m_positionMs));
}

void PrefillPacer::note(const StepShape& shape, double ms) {
    if (shape.prefillRows > 0) learnCost(shape, ms);
    if (shape.decodeRows > 0) settleCredit(shape, ms);
}

void PrefillPacer::learnCost(const StepShape& shape, double ms) {
    const double rows = static_cast<double>(shape.prefillRows);
    const double positions = shape.prefillPositions;
    const double t = std::max(ms * 0.05, ms - (shape.decodeRows > 0 ? m_decodeMs : 0));
    m_sums = {m_sums.rr * kMemory + rows * rows, m_sums.rp * kMemory + rows * positions, m_sums.pp * kMemory + positions * positions,
              m_sums.rt * kMemory + rows * t, m_sums.pt * kMemory + positions * t};
    const Sums& s = m_sums;
    // Steps that were all alike say nothing about how the cost is divided: the last division keeps a small weight.
    const double keepRow = s.rr * 1e-4;
    const double keepPosition = s.pp * 1e-4;
    const double rr = s.rr + keepRow;
    const double pp = s.pp + keepPosition;
    const double rt = s.rt + keepRow * m_rowMs;
    const double pt = s.pt + keepPosition * m_positionMs;
    const double determinant = rr * pp - s.rp * s.rp;
    double row = determinant > 0 ? (rt * pp - pt * s.rp) / determinant : -1;
    double position = determinant > 0 ? (pt * rr - rt * s.rp) / determinant : -1;
    if (position < 0) {
        position = 0;
        row = s.rt / s.rr;
    } else if (row < 0) {
        row = 0;
        position = s.pt / s.pp;
    }
    m_rowMs = row;
    m_positionMs = position;
}

void PrefillPacer::settleCredit(const StepShape& shape, double ms) {
    if (shape.prefillRows == 0)
        m_decodeMs = m_decodeMs == 0 ? ms : m_decodeMs * kDecodeMemory + ms * (1 - kDecodeMemory);
    else
        m_creditMs -= std::max(0.0, ms - m_decodeMs);
    m_creditMs += m_decodeMs * (1 - m_decodeShare) / m_decodeShare;
    // Not hoarded, and one slow step is not paid off for ever.
    m_creditMs = std::clamp(m_creditMs, -std::max(kMostDebtSteps * m_stepMs, 3 * m_decodeMs), m_stepMs * kMixedStepShare);
}

}  // namespace larder::generate
