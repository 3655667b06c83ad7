#include "engine/api/answer.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace larder::api {

Answer::Answer(const text::Tokenizer& tokenizer, std::vector<TokenId> markers, std::vector<std::string> stops)
    : m_tokenizer(tokenizer), m_markers(std::move(markers)), m_detokenizer(tokenizer), m_stops(std::move(stops)) {}

std::string Answer::textOf(TokenId token) {
    if (!std::binary_search(m_markers.begin(), m_markers.end(), token)) return m_detokenizer.add(token);
    return m_detokenizer.finish() + std::string(m_tokenizer.text(token));
}

OutputText Answer::add(GeneratedToken token) {
    assert(!m_stopped);
    ++m_tokens;
    const std::size_t first = m_producedBytes;
    const std::string piece = textOf(token.token);
    m_producedBytes += piece.size();
    if (token.logprobs) m_held.push_back({std::move(*token.logprobs), first, m_producedBytes});
    OutputText output = release(piece);
    releaseLogprobs(output);
    return output;
}

OutputText Answer::finish() {
    if (m_stopped) return {};
    const std::string piece = m_detokenizer.finish();
    m_producedBytes += piece.size();
    OutputText output = release(piece);
    if (!m_stopped) {
        const std::string rest = m_stops.finish();
        m_releasedBytes += rest.size();
        output.text += rest;
    }
    releaseLogprobs(output);
    return output;
}

OutputText Answer::release(const std::string& piece) {
    OutputText output;
    if (piece.empty()) return output;
    text::StopStrings::Result result = m_stops.add(piece);
    m_releasedBytes += result.text.size();
    output.text = std::move(result.text);
    m_stopped = result.stopped;
    m_stopString = std::move(result.stop);
    return output;
}

// A token goes out with the last of its bytes. Of the tokens the stop string cut into, those that gave text go out.
void Answer::releaseLogprobs(OutputText& output) {
    while (!m_held.empty()) {
        const HeldLogprobs& held = m_held.front();
        if (m_stopped ? held.first >= m_releasedBytes : held.last > m_releasedBytes) break;
        output.logprobs.push_back(std::move(m_held.front().logprobs));
        m_held.pop_front();
    }
    if (m_stopped) m_held.clear();
}

}  // namespace larder::api
