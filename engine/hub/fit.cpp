// Whether a model runs well here, and sizes in words: engine/models.h.
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>

#include "engine/models.h"

namespace larder {
namespace {

// Of the machine's memory. Up to the first, the desktop, a browser and an editor keep their usual share (3 of 8 GB, 6 of
// 16); up to the second they are squeezed but nothing swaps on a machine that does little else; past it the system would
// throw out weights or other programs again and again, and every token would wait for the disk.
constexpr double kGoodShare = 0.60;
constexpr double kTightShare = 0.85;

// Program, scratch memory of the forward pass, tokenizer tables: what a loaded model takes besides weights and KV cache.
constexpr std::uint64_t kFixedBytes = 100'000'000;

std::uint64_t clampedAdd(std::uint64_t a, std::uint64_t b) { return a > UINT64_MAX - b ? UINT64_MAX : a + b; }

std::uint64_t clampedMultiply(std::uint64_t a, std::uint64_t b) {
    return a != 0 && b > UINT64_MAX / a ? UINT64_MAX : a * b;
}

// A window that does not fit whole is cut, not refused (design §5.6). One of this many tokens still serves a coding agent.
constexpr std::size_t kUsefulTokens = 32'768;

std::uint64_t neededFor(std::uint64_t weightBytes, std::uint64_t kvBytesPerToken, std::size_t contextTokens) {
    const bool known = kvBytesPerToken > 0 && contextTokens > 0;
    const std::uint64_t kvBytes = known ? clampedMultiply(kvBytesPerToken, contextTokens) : weightBytes / 10;
    return clampedAdd(clampedAdd(weightBytes, kvBytes), kFixedBytes);
}

Fit verdictOf(std::uint64_t neededBytes, std::uint64_t machineBytes) {
    const double share = static_cast<double>(neededBytes) / static_cast<double>(machineBytes);
    return share <= kGoodShare ? Fit::Good : share <= kTightShare ? Fit::Tight : Fit::TooBig;
}

std::string fitSentence(const ModelFit& fit) {
    const std::string needed = readableBytes(fit.neededBytes);
    const std::string machine = readableBytes(fit.machineBytes);
    switch (fit.verdict) {
        case Fit::Good: return "runs well: needs " + needed + " of this machine's " + machine;
        case Fit::Tight: return "tight: needs " + needed + " of this machine's " + machine + ", close other programs";
        case Fit::TooBig: return "too big: needs " + needed + ", this machine has " + machine;
        case Fit::Unknown: break;
    }
    if (fit.machineBytes == 0 && fit.neededBytes > 0) return "needs " + needed + "; how much memory this machine has is unknown";
    return "how much memory it needs is unknown";
}

}  // namespace

ModelFit estimateFit(std::uint64_t weightBytes, std::uint64_t kvBytesPerToken, std::size_t contextTokens, const Machine& machine) {
    ModelFit fit;
    fit.machineBytes = machine.memoryBytes;
    if (weightBytes > 0) fit.neededBytes = neededFor(weightBytes, kvBytesPerToken, contextTokens);
    if (fit.neededBytes > 0 && fit.machineBytes > 0) fit.verdict = verdictOf(fit.neededBytes, fit.machineBytes);
    fit.sentence = fitSentence(fit);
    if (fit.verdict != Fit::TooBig || kvBytesPerToken == 0 || contextTokens <= kUsefulTokens) return fit;
    const std::uint64_t cutBytes = neededFor(weightBytes, kvBytesPerToken, kUsefulTokens);
    if (verdictOf(cutBytes, fit.machineBytes) == Fit::TooBig) return fit;
    fit.verdict = Fit::Tight;
    fit.sentence = "runs with a shorter window: needs " + readableBytes(cutBytes) + " of this machine's " +
                   readableBytes(fit.machineBytes) + " for 32k tokens, " + readableBytes(fit.neededBytes) + " for its whole window";
    return fit;
}

ModelFit estimateFit(const ModelInfo& model, const Machine& machine) {
    return estimateFit(model.fileBytes, model.kvBytesPerToken, model.contextTokens, machine);
}

std::string readableBytes(std::uint64_t bytes) {
    constexpr std::array kUnits = {"bytes", "KB", "MB", "GB", "TB", "PB", "EB"};
    if (bytes == 1) return "1 byte";
    double value = static_cast<double>(bytes);
    std::size_t unit = 0;
    const auto rounded = [&] { return value < 10 ? std::round(value * 10) / 10 : std::round(value); };
    for (; unit + 1 < kUnits.size() && (unit == 0 ? value : rounded()) >= 1000; ++unit) value /= 1000;
    char text[32];
    std::snprintf(text, sizeof text, unit > 0 && rounded() < 10 ? "%.1f %s" : "%.0f %s", rounded(), kUnits[unit]);
    return text;
}

}  // namespace larder
