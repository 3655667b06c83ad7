// The tiny random models of tests/fixtures and the logits they must compute (made by make_tiny_llama.py).
// Any thread. A fixture that cannot be read is a broken checkout: the functions throw std::runtime_error.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "engine/types.h"

namespace larder::support {

// Names: see make_tiny_llama.py. The float ones can be compared tightly, the others within what int8 activations cost.
inline constexpr std::string_view kFloatFixtures[] = {"tiny_llama_f32", "tiny_llama_f16", "tiny_llama_bf16",
                                                      "tiny_llama_rope_scaled", "tiny_llama_odd"};
inline constexpr std::string_view kQuantisedFixtures[] = {"tiny_llama_q4_0", "tiny_llama_q4_1", "tiny_llama_q8_0"};

std::filesystem::path sourceFolder();    // the root of the repository
std::filesystem::path fixturesFolder();
std::filesystem::path fixtureModel(std::string_view name);  // .../name.gguf

struct Reference {
    std::vector<TokenId> tokens;  // the sequence that was computed, from position 0
    std::vector<int> positions;   // the positions whose logits are kept, ascending
    std::size_t vocabulary = 0;
    std::vector<float> logits;  // [positions, vocabulary], exact to float32

    // Standard deviation of all logits: errors are judged relative to it.
    double spread() const;
    const float* row(std::size_t i) const { return logits.data() + i * vocabulary; }  // of positions[i]
};

Reference loadReference(std::string_view name);

}  // namespace larder::support
