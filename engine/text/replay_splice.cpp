#include <algorithm>
#include <cassert>
#include <numeric>
#include <optional>
#include <string_view>
#include <utility>

#include "engine/text/replay.h"

namespace larder::text {
namespace {

// A rendering as one text, and where it is trusted.
class RenderedText {
public:
    explicit RenderedText(std::span<const TextSegment> segments) {
        m_text.reserve(std::accumulate(segments.begin(), segments.end(), std::size_t{0},
                                       [](std::size_t sum, const TextSegment& segment) { return sum + segment.text.size(); }));
        for (const TextSegment& segment : segments) {
            m_text += segment.text;
            if (!m_runs.empty() && m_runs.back().trusted == segment.trusted) m_runs.back().end = m_text.size();
            else m_runs.push_back({m_text.size(), segment.trusted});
        }
    }

    std::string_view text() const { return m_text; }

    // The first of these in trusted text, not before this position.
    std::optional<std::size_t> findTrusted(std::span<const std::string_view> words, std::size_t from) const {
        for (std::size_t i = runAt(from); i < m_runs.size(); ++i) {
            if (!m_runs[i].trusted) continue;
            const std::string_view run = text().substr(0, m_runs[i].end);
            std::size_t found = run.npos;
            for (const std::string_view word : words) found = std::min(found, run.find(word, std::max(from, beginOf(i))));
            if (found != run.npos) return found;
        }
        return std::nullopt;
    }

    std::vector<TextSegment> cut(std::size_t begin, std::size_t end) const {
        std::vector<TextSegment> piece;
        for (std::size_t i = runAt(begin); begin < end; ++i) {
            const std::size_t last = std::min(end, m_runs[i].end);
            piece.push_back({m_text.substr(begin, last - begin), m_runs[i].trusted});
            begin = last;
        }
        return piece;
    }

private:
    struct Run {
        std::size_t end = 0;
        bool trusted = false;
    };

    std::size_t beginOf(std::size_t run) const { return run == 0 ? 0 : m_runs[run - 1].end; }
    std::size_t runAt(std::size_t position) const {
        const auto run = std::upper_bound(m_runs.begin(), m_runs.end(), position, [](std::size_t at, const Run& each) { return at < each.end; });
        return static_cast<std::size_t>(run - m_runs.begin());
    }

    std::string m_text;
    std::vector<Run> m_runs;
};

// Those that were sampled after a beginning of this text, by its length. Also notes length and hash of the whole text: all of
// it is hashed once.
std::vector<const ReplayedAnswer*> answersWithin(std::string_view text, std::span<const ReplayedAnswer> answers, SplicedPrompt& prompt) {
    std::vector<const ReplayedAnswer*> ordered;
    for (const ReplayedAnswer& answer : answers)
        if (answer.promptBytes <= text.size()) ordered.push_back(&answer);
    std::stable_sort(ordered.begin(), ordered.end(), [](const auto* a, const auto* b) { return a->promptBytes < b->promptBytes; });

    std::vector<const ReplayedAnswer*> within;
    base::Hasher128 hasher;
    std::size_t hashed = 0;
    const auto hashTo = [&](std::size_t end) {
        hasher.add(text.substr(hashed, end - hashed));
        hashed = end;
        return hasher.value();
    };
    for (const ReplayedAnswer* answer : ordered)
        if (hashTo(answer->promptBytes) == answer->promptHash) within.push_back(answer);
    prompt.renderedBytes = text.size();
    prompt.renderedHash = hashTo(text.size());
    return within;
}

// Whether this part of the history has all that was sampled: the template may have dropped something on purpose.
bool shows(std::string_view turn, const ReplayedAnswer& answer) {
    const std::size_t reasoning = turn.find(answer.reasoning);
    if (reasoning == turn.npos || turn.find(answer.content, reasoning + answer.reasoning.size()) == turn.npos) return false;
    return std::all_of(answer.callNames.begin(), answer.callNames.end(),
                       [&](const std::string& name) { return turn.find(name) != turn.npos; });
}

void appendTokens(std::vector<TokenId>& ids, const std::vector<TokenId>& more) { ids.insert(ids.end(), more.begin(), more.end()); }

}  // namespace

SplicedPrompt spliceAnswers(std::span<const TextSegment> rendering, std::span<const ReplayedAnswer> answers,
                            const Tokenizer& tokenizer, const EncodeText& encode) {
    SplicedPrompt prompt;
    const RenderedText rendered(rendering);
    const std::string_view text = rendered.text();
    std::vector<std::string_view> markers;
    for (const TokenId token : tokenizer.endTokens()) markers.push_back(tokenizer.text(token));
    std::erase(markers, std::string_view());

    std::size_t encoded = 0;  // of the text
    for (const ReplayedAnswer* answer : answersWithin(text, answers, prompt)) {
        const std::size_t begin = answer->promptBytes;
        if (begin < encoded) continue;
        const auto end = rendered.findTrusted(markers, begin);
        if (!end || !shows(text.substr(begin, *end - begin), *answer)) continue;
        if (begin > encoded) appendTokens(prompt.ids, encode(rendered.cut(encoded, begin)));
        appendTokens(prompt.ids, answer->tokens);
        encoded = *end;
        ++prompt.replayedAnswers;
        prompt.replayedTokens += answer->tokens.size();
    }
    appendTokens(prompt.ids, encoded == 0 ? encode(rendering) : encode(rendered.cut(encoded, text.size())));
    return prompt;
}

}  // namespace larder::text
