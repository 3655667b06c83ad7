// What every test of the engine needs: settings for tiny models, requests, and ways to wait for what comes of them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/mailbox.h"
#include "engine/engine.h"
#include "tests/support/fixtures.h"
#include "tests/support/model_states.h"

namespace larder {

using Events = base::Mailbox<GenerationEvent>;

inline Settings tinySettings() {
    Settings settings;
    settings.modelDir = support::fixturesFolder();
    settings.threads = 2;
    settings.hotCacheBytes = 16u << 20;
    return settings;
}

inline GenerationRequest greedy(const std::string& model, std::size_t maxTokens) {
    GenerationRequest request;
    request.model = model;
    request.prompt = {1, 2, 3, 4, 5};
    request.sampling.temperature = 0;
    request.maxTokens = maxTokens;
    return request;
}

struct Outcome {
    std::vector<TokenId> tokens;
    std::vector<std::uint64_t> logitsHashes;  // where asked
    std::optional<GenerationFinished> finished;
    std::optional<Error> error;
};

inline Outcome waitFor(Events& events) {
    Outcome outcome;
    while (!outcome.finished && !outcome.error) {
        for (GenerationEvent& event : events.wait()) {
            if (auto* token = std::get_if<GeneratedToken>(&event)) {
                outcome.tokens.push_back(token->token);
                outcome.logitsHashes.push_back(token->logitsHash);
            }
            if (auto* finished = std::get_if<GenerationFinished>(&event)) outcome.finished = *finished;
            if (auto* error = std::get_if<Error>(&event)) outcome.error = *error;
        }
    }
    return outcome;
}

struct Asked {
    std::shared_ptr<Events> events = std::make_shared<Events>();
    Expected<Generation> generation = Generation();
};

inline Asked ask(Engine& engine, GenerationRequest request) {
    Asked asked;
    asked.generation = engine.submit(std::move(request), [events = asked.events](GenerationEvent event) { events->post(std::move(event)); });
    return asked;
}

// The mailbox for what load() and unload() report.
using Answers = base::Mailbox<Expected<void>>;
inline std::function<void(Expected<void>)> into(const std::shared_ptr<Answers>& answers) {
    return [answers](Expected<void> done) { answers->post(std::move(done)); };
}

inline ModelStatus statusOf(const Engine& engine, const std::string& name) {
    return support::modelOf(engine.status(), name);
}

}  // namespace larder
