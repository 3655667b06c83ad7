#include "tests/clients/speaking_model.h"

#include <algorithm>
#include <cstring>
#include <iostream>
#include <thread>

#include "engine/base/hash.h"
#include "engine/formats/gguf.h"

namespace larder::clients {
namespace {

constexpr std::string_view kAnswerBegins = "assistant\n";
constexpr std::size_t kRememberedAnswers = 1000;
// Logits: the token that goes on with the answer is certain at any temperature. Where a constraint forbids it, a shorter one
// that goes on in the same way is; hence a few of them, each likelier than the next.
constexpr float kCertain = 100.0f;
constexpr float kLess = 20.0f;
constexpr std::size_t kChoices = 5;

using BlockTable = std::span<std::byte* const>;

std::byte* slot(BlockTable blocks, int position) {
    return blocks[static_cast<std::size_t>(position / kBlockTokens)] + static_cast<std::size_t>(position % kBlockTokens) * sizeof(TokenId);
}

std::vector<TokenId> readTokens(BlockTable blocks, int count) {
    std::vector<TokenId> tokens(static_cast<std::size_t>(count));
    for (int first = 0; first < count; first += kBlockTokens) {
        const auto some = static_cast<std::size_t>(std::min(kBlockTokens, count - first));
        std::memcpy(tokens.data() + first, slot(blocks, first), some * sizeof(TokenId));
    }
    return tokens;
}

}  // namespace

Expected<std::unique_ptr<model::Model>> SpeakingModel::load(const std::filesystem::path& path, std::shared_ptr<const Script> script,
                                                            SpeakingDelays delays) {
    auto file = formats::GgufFile::open(path);
    if (!file) return file.error();
    auto tokenizer = text::Tokenizer::fromGguf(*file);
    if (!tokenizer) return tokenizer.error();
    const auto start = (*tokenizer)->find("<|im_start|>");
    const auto end = (*tokenizer)->find("<|im_end|>");
    if (!start || !end) return Error{ErrorCode::Unsupported, path.string() + " has no <|im_start|> and <|im_end|>"};
    return std::unique_ptr<model::Model>(new SpeakingModel(std::move(*tokenizer), {*start, *end}, std::move(script), delays));
}

void SpeakingModel::forward(const model::Batch& batch, std::span<float> logits) {
    const bool prefill = std::any_of(batch.sequences.begin(), batch.sequences.end(), [](const auto& each) { return each.rows > 1; });
    std::this_thread::sleep_for(prefill ? m_delays.prefill : m_delays.decode);
    for (const auto& sequence : batch.sequences)
        for (int i = 0; i < sequence.rows; ++i)
            std::memcpy(slot(sequence.blocks, sequence.firstPosition + i), &batch.tokens[static_cast<std::size_t>(sequence.firstRow + i)],
                        sizeof(TokenId));
    // All rows are stored before any is read, as in a real step.
    std::fill(logits.begin(), logits.end(), 0.0f);
    const std::size_t width = m_tokenizer->vocabulary();
    std::size_t out = 0;
    for (const auto& sequence : batch.sequences) {
        for (; out < batch.logitRows.size() && batch.logitRows[out] < sequence.firstRow + sequence.rows; ++out) {
            const int position = sequence.firstPosition + batch.logitRows[out] - sequence.firstRow;
            float logit = kCertain;
            for (const TokenId token : next(readTokens(sequence.blocks, position + 1))) {
                logits[out * width + static_cast<std::size_t>(token)] = logit;
                logit -= kLess;
            }
        }
    }
}

// The tokens that go on with the answer behind the last <|im_start|>assistant, the likeliest first.
std::vector<TokenId> SpeakingModel::next(std::span<const TokenId> tokens) {
    const auto mark = std::find(tokens.rbegin(), tokens.rend(), m_marks.start);
    if (mark == tokens.rend()) return {m_marks.end};
    const auto prompt = tokens.first(static_cast<std::size_t>(tokens.rend() - mark));
    const std::string written = textOf(tokens.subspan(prompt.size()));
    if (!written.starts_with(kAnswerBegins)) return {m_marks.end};
    const std::string_view said = std::string_view(written).substr(kAnswerBegins.size());
    const std::string& answer = answerTo(prompt);
    if (!answer.starts_with(said)) {
        std::cerr << "the answer left the script: \"" << said << "\" instead of \"" << answer << "\"" << std::endl;
        return {m_marks.end};
    }
    const std::string_view rest = std::string_view(answer).substr(said.size());
    std::vector<TokenId> choices = m_tokenizer->encodeTrusted(rest);
    if (choices.empty()) return {m_marks.end};
    choices.resize(1);
    for (std::size_t bytes = m_tokenizer->bytes(choices[0]).size(); bytes-- > 1 && choices.size() < kChoices;)
        if (const auto shorter = m_tokenizer->encode(rest.substr(0, bytes)); shorter.size() == 1) choices.push_back(shorter[0]);
    return choices;
}

const std::string& SpeakingModel::answerTo(std::span<const TokenId> prompt) {
    const std::uint64_t key = base::hash64(std::as_bytes(prompt));
    if (const auto known = m_answers.find(key); known != m_answers.end()) return known->second;
    if (m_answers.size() >= kRememberedAnswers) m_answers.clear();
    std::vector<Turn> turns;
    // The last mark is the answer's own.
    for (auto at = std::find(prompt.begin(), prompt.end(), m_marks.start); at != prompt.end() && at + 1 != prompt.end();) {
        const auto end = std::find_if(at + 1, prompt.end(), [&](TokenId id) { return id == m_marks.start || id == m_marks.end; });
        const std::string whole = textOf({at + 1, end});
        const std::size_t line = std::min(whole.find('\n'), whole.size());
        turns.push_back({whole.substr(0, line), whole.substr(std::min(line + 1, whole.size()))});
        at = std::find(end, prompt.end(), m_marks.start);
    }
    return m_answers.emplace(key, m_script->answer(turns)).first->second;
}

// Without the marks of roles.
std::string SpeakingModel::textOf(std::span<const TokenId> tokens) const {
    std::string text;
    for (const TokenId token : tokens) {
        if (token == m_marks.start || token == m_marks.end) continue;
        const std::string_view bytes = m_tokenizer->bytes(token);
        text += bytes.empty() ? m_tokenizer->text(token) : bytes;
    }
    return text;
}

}  // namespace larder::clients
