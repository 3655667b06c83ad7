#include "engine/model/identity.h"

#include <bit>
#include <cstdint>
#include <string>

namespace larder::model {
namespace {

// Raise the first when any kernel's bits change, the second when a block is laid out otherwise: old KV is a miss then.
constexpr int kArithmeticVersion = 1;
constexpr int kLayoutVersion = 1;

}  // namespace

base::Hash128 kvIdentity(std::string_view graph, const Config& config, const KvLayout& layout, std::span<const double> frequencies,
                         const base::Hash128& weights) {
    std::string text(graph);
    const auto add = [&text](std::uint64_t value) { text += "|" + std::to_string(value); };
    for (const int value : {kArithmeticVersion, kLayoutVersion, config.layers, config.width, config.heads, config.kvHeads, config.headDim,
                            config.ropeDims, config.feedForward, layout.layers, layout.kvHeads, layout.headDim, static_cast<int>(layout.type)})
        add(static_cast<std::uint64_t>(value));
    add(std::bit_cast<std::uint32_t>(config.normEps));
    for (const double frequency : frequencies) add(std::bit_cast<std::uint64_t>(frequency));
    add(weights.low);
    add(weights.high);
    return base::hash128(std::as_bytes(std::span(text)));
}

}  // namespace larder::model
