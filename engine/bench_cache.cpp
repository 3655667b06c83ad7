#include "engine/bench_cache.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <utility>

#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/base/mailbox.h"
#include "engine/base/thread.h"
#include "engine/bench_clock.h"
#include "engine/engine.h"

namespace larder {
namespace {

constexpr std::size_t kTurns = 10;
constexpr std::size_t kAnswerTokens = 40;
constexpr std::size_t kLeastWindow = 1024;
constexpr std::size_t kMostWindow = 16384;
constexpr TokenId kFirstId = 100;
constexpr TokenId kIds = 300;          // every vocabulary has so many
constexpr std::size_t kHotBytes = std::size_t{2} << 30;
constexpr std::size_t kColdBytes = std::size_t{8} << 30;

// The new tokens of every turn: system prompt and tools with the first question, then tool results of growing spread.
std::vector<std::vector<TokenId>> makeTrace(std::size_t windowTokens) {
    std::mt19937_64 random(1);
    const std::size_t room = windowTokens * 9 / 10 - kTurns * kAnswerTokens;
    const std::size_t mean = std::max<std::size_t>(1, room * 6 / 10 / (kTurns - 1));
    std::vector<std::size_t> counts{room * 4 / 10};
    std::size_t all = counts.front();
    for (std::size_t turn = 1; turn < kTurns; ++turn) {
        counts.push_back(mean / 2 + random() % mean);
        all += counts.back();
    }
    std::vector<std::vector<TokenId>> turns;
    for (const std::size_t count : counts) {
        std::vector<TokenId> tokens(std::max<std::size_t>(1, all > room ? count * room / all : count));
        for (TokenId& token : tokens) token = kFirstId + static_cast<TokenId>(random() % kIds);
        turns.push_back(std::move(tokens));
    }
    return turns;
}

struct Asked {
    std::vector<TokenId> answer;
    GenerationFinished finished;
    double ttftMs = 0;
};

Expected<Asked> ask(Engine& engine, const std::string& model, const std::vector<TokenId>& prompt, bool noStore) {
    const auto events = std::make_shared<base::Mailbox<GenerationEvent>>();
    GenerationRequest request;
    request.model = model;
    request.prompt = prompt;
    request.sampling.temperature = 0;
    request.maxTokens = kAnswerTokens;
    request.noStore = noStore;
    const auto began = std::chrono::steady_clock::now();
    auto generation = engine.submit(std::move(request), [events](GenerationEvent event) { events->post(std::move(event)); });
    if (!generation) return generation.error();
    Asked asked;
    for (;;)
        for (GenerationEvent& event : events->wait()) {
            if (auto* token = std::get_if<GeneratedToken>(&event)) {
                if (asked.answer.empty()) asked.ttftMs = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count();
                asked.answer.push_back(token->token);
            } else if (auto* finished = std::get_if<GenerationFinished>(&event)) {
                asked.finished = *finished;
                return asked;
            } else if (auto* error = std::get_if<Error>(&event)) {
                return *error;
            }
        }
}

class Replay {
public:
    Replay(Settings settings, std::string model, int mode) : m_settings(std::move(settings)), m_model(std::move(model)), m_mode(mode) {
        if (mode < 2) m_settings.coldCacheBytes = 0;
    }

    Expected<void> run(const std::vector<std::vector<TokenId>>& trace, CacheBenchResult& result) {
        std::vector<TokenId> conversation;
        for (std::size_t turn = 0; turn < trace.size(); ++turn) {
            if (auto ready = start(turn); !ready) return ready;
            conversation.insert(conversation.end(), trace[turn].begin(), trace[turn].end());
            auto asked = ask(*m_engine, m_model, conversation, m_mode == 0);
            if (!asked) return asked.error();
            CacheBenchTurn& figures = result.turns[turn];
            figures.promptTokens = conversation.size();
            figures.newTokens = trace[turn].size() + (turn == 0 ? 0 : 1);  // the last token of an answer was never computed
            figures.computedTokens[m_mode] = asked->finished.promptTokens - asked->finished.cachedTokens;
            figures.ttftMs[m_mode] = asked->ttftMs;
            conversation.insert(conversation.end(), asked->answer.begin(), asked->answer.end());
        }
        result.writtenBytes += m_written + written();
        tokens = std::move(conversation);
        return {};
    }

    std::vector<TokenId> tokens;  // all, answers included

private:
    std::uint64_t written() const { return m_engine ? m_engine->status().coldTier.writtenBytes : 0; }

    Expected<void> start(std::size_t turn) {
        if (m_engine && m_mode < 2) return {};
        if (turn > 0) m_written += written();
        m_engine.reset();
        auto created = Engine::create(m_settings);
        if (!created) return created.error();
        m_engine = std::move(*created);
        return m_engine->load(m_model);
    }

    Settings m_settings;
    std::string m_model;
    int m_mode;
    std::uint64_t m_written = 0;
    std::unique_ptr<Engine> m_engine;
};

}  // namespace

std::size_t CacheBenchResult::idealTokens() const {
    std::size_t all = 0;
    for (const CacheBenchTurn& turn : turns) all += turn.newTokens;
    return all;
}

std::size_t CacheBenchResult::computedTokens(int mode) const {
    std::size_t all = 0;
    for (const CacheBenchTurn& turn : turns) all += turn.computedTokens[mode];
    return all;
}

double CacheBenchResult::ttftSeconds(int mode) const {
    double all = 0;
    for (const CacheBenchTurn& turn : turns) all += turn.ttftMs[mode] / 1000;
    return all;
}

Expected<CacheBenchResult> runCacheBench(const std::string& modelNameOrPath, const Settings& settings,
                                         const std::function<void(const std::string&)>& progress) {
    const auto model = resolveModel(modelNameOrPath, settings);
    if (!model) return model.error();
    const std::size_t window = std::min(settings.contextTokens > 0 ? settings.contextTokens : model->contextTokens, kMostWindow);
    if (window < kLeastWindow)
        return Error{ErrorCode::Unsupported, model->name + " has a window of " + std::to_string(window) + " tokens; the conversation of this bench needs " + std::to_string(kLeastWindow)};
    Settings own = settings;
    own.baseDir = settings.baseDir / ("cache-bench-" + std::to_string(base::processId()));
    own.defaultModel = model->path.string();
    own.hotCacheBytes = settings.hotCacheBytes.value_or(kHotBytes);
    own.coldCacheBytes = settings.coldCacheBytes.value_or(kColdBytes);
    own.pinnedModels.clear();
    if (auto made = base::makeFolder(own.baseDir, 0700); !made) return made.error();

    const auto trace = makeTrace(window);
    CacheBenchResult result;
    result.model = model->name;
    result.turns.resize(trace.size());
    std::vector<std::vector<TokenId>> tokens;
    Expected<void> done;
    for (int mode = 0; mode < 3 && done; ++mode) {
        progress(mode == 0 ? "without a cache" : mode == 1 ? "from RAM" : "from the disk, a restart before every turn");
        Replay replay(own, "", mode);
        done = replay.run(trace, result);
        tokens.push_back(std::move(replay.tokens));
    }
    std::error_code ignored;
    std::filesystem::remove_all(own.baseDir, ignored);
    if (!done) return done.error();
    result.sameAnswers = tokens[0] == tokens[1] && tokens[1] == tokens[2];
    return result;
}

std::string toJson(const CacheBenchResult& result) {
    base::Json turns = base::Json::array();
    for (const CacheBenchTurn& turn : result.turns) {
        base::Json entry{{"prompt_tokens", turn.promptTokens}, {"new_tokens", turn.newTokens}};
        for (int mode = 0; mode < 3; ++mode) {
            entry[std::string(CacheBenchResult::kModes[mode]) + "_computed_tokens"] = turn.computedTokens[mode];
            entry[std::string(CacheBenchResult::kModes[mode]) + "_ttft_ms"] = turn.ttftMs[mode];
        }
        turns.push_back(std::move(entry));
    }
    base::Json json{{"model", result.model}, {"turns", std::move(turns)}, {"ideal_tokens", result.idealTokens()}};
    for (int mode = 0; mode < 3; ++mode) {
        json[std::string(CacheBenchResult::kModes[mode]) + "_computed_tokens"] = result.computedTokens(mode);
        json[std::string(CacheBenchResult::kModes[mode]) + "_ttft_s"] = result.ttftSeconds(mode);
    }
    json["written_bytes"] = result.writtenBytes;
    json["same_answers"] = result.sameAnswers;
    return json.dump(2);
}

}  // namespace larder
