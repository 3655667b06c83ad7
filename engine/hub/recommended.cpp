// Models known to run here: engine/hub.h. Eight-bit files, because the usual four-bit ones hold a 6-bit output matrix
// that this version cannot multiply yet.
#include <algorithm>
#include <array>

#include "engine/hub.h"

namespace larder {
namespace {

struct KnownModel {
    const char* reference;
    const char* title;
    const char* remark;
    std::uint64_t bytes;
    std::uint64_t kvBytesPerToken;  // with an f16 cache
    std::size_t contextTokens;
    bool suggestible;  // strong enough for its size to be the first one someone meets
};

// Best first. The suggestion stops at 8 billion weights: without a GPU anything larger answers too slowly to be a first
// impression, however much memory there is.
constexpr std::array<KnownModel, 5> kKnownModels = {{
    {"bartowski/Meta-Llama-3.1-8B-Instruct-GGUF:Q8_0", "Llama 3.1 8B Instruct", "", 8'540'000'000, 131'072, 131'072,
     true},
    {"bartowski/Llama-3.2-3B-Instruct-GGUF:Q8_0", "Llama 3.2 3B Instruct", "", 3'420'000'000, 114'688, 131'072, true},
    {"bartowski/Llama-3.2-1B-Instruct-GGUF:Q8_0", "Llama 3.2 1B Instruct", "", 1'320'000'000, 32'768, 131'072, true},
    {"bartowski/SmolLM2-1.7B-Instruct-GGUF:Q8_0", "SmolLM2 1.7B Instruct", "chat only: 8k window", 1'820'000'000,
     196'608, 8'192, false},
    {"bartowski/SmolLM2-135M-Instruct-GGUF:Q8_0", "SmolLM2 135M Instruct", "chat only: 8k window", 145'000'000, 23'040,
     8'192, true},
}};

// Room for a conversation of this length makes a machine good for a model, whatever the window could grow to.
constexpr std::size_t kUsualTokens = 16'384;

Fit fitOf(const KnownModel& model, const Machine& machine) {
    return estimateFit(model.bytes, model.kvBytesPerToken, std::min(model.contextTokens, kUsualTokens), machine)
        .verdict;
}

int fitOrder(Fit fit) {
    return fit == Fit::Good ? 0 : fit == Fit::TooBig ? 2 : 1;
}

}  // namespace

std::vector<RecommendedModel> recommendedModels(const Machine& machine) {
    std::vector<const KnownModel*> order;
    for (const KnownModel& model : kKnownModels) order.push_back(&model);
    // The starter stays last, whatever fits.
    std::stable_sort(order.begin(), order.end() - 1, [&](const KnownModel* a, const KnownModel* b) {
        return fitOrder(fitOf(*a, machine)) < fitOrder(fitOf(*b, machine));
    });
    const KnownModel* suggested = order.back();
    for (const KnownModel* model : order) {
        if (!model->suggestible || fitOf(*model, machine) != Fit::Good) continue;
        suggested = model;
        break;
    }
    std::vector<RecommendedModel> models;
    for (const KnownModel* model : order)
        models.push_back(
            {model->reference, model->title, model->remark, model->bytes, model->contextTokens, model == suggested});
    return models;
}

}  // namespace larder
