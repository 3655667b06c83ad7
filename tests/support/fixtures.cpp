#include "tests/support/fixtures.h"

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace larder::support {

std::filesystem::path sourceFolder() { return LARDER_SOURCE_DIR; }

std::filesystem::path fixturesFolder() { return sourceFolder() / "tests" / "fixtures"; }

std::filesystem::path fixtureModel(std::string_view name) {
    return fixturesFolder() / (std::string(name) + ".gguf");
}

double Reference::spread() const {
    double sum = 0;
    double squares = 0;
    for (const double value : logits) {
        sum += value;
        squares += value * value;
    }
    const double mean = sum / static_cast<double>(logits.size());
    return std::sqrt(squares / static_cast<double>(logits.size()) - mean * mean);
}

Reference loadReference(std::string_view name) {
    const std::filesystem::path stem = fixturesFolder() / std::string(name);
    std::ifstream description(stem.string() + ".tokens.json");
    if (!description) throw std::runtime_error("cannot read " + stem.string() + ".tokens.json");
    const nlohmann::json fields = nlohmann::json::parse(description);
    Reference reference;
    reference.tokens = fields.at("tokens").get<std::vector<TokenId>>();
    reference.positions = fields.at("positions").get<std::vector<int>>();
    reference.vocabulary = fields.at("vocabulary").get<std::size_t>();

    std::ifstream file(stem.string() + ".logits.f32", std::ios::binary);
    reference.logits.resize(reference.positions.size() * reference.vocabulary);
    const auto bytes = static_cast<std::streamsize>(reference.logits.size() * sizeof(float));
    if (!file.read(reinterpret_cast<char*>(reference.logits.data()), bytes) ||
        file.peek() != std::ifstream::traits_type::eof())
        throw std::runtime_error(stem.string() + ".logits.f32 does not hold [positions, vocabulary] floats");
    return reference;
}

}  // namespace larder::support
