#include "engine/text/parsers/part_sink.h"

#include <utility>

namespace larder::text {

void PartSink::begin(std::vector<OutputPart>& parts) {
    m_parts = &parts;
    m_first = parts.size();
}

// The last part of this round, if it is of that kind.
template <class Part>
Part* PartSink::last() {
    return m_parts->size() == m_first ? nullptr : std::get_if<Part>(&m_parts->back());
}

void PartSink::addText(std::string_view text) {
    if (text.empty()) return;
    if (auto* part = last<PartText>()) part->text += text;
    else m_parts->emplace_back(PartText{std::string(text)});
}

void PartSink::addReasoning(std::string_view text) {
    if (text.empty()) return;
    if (auto* part = last<PartReasoning>()) part->text += text;
    else m_parts->emplace_back(PartReasoning{std::string(text)});
}

void PartSink::startCall(std::size_t index, std::string name) {
    m_parts->emplace_back(PartCallStart{index, std::move(name)});
}

// Between two calls there is an end, so that these are of the same.
void PartSink::addArguments(std::size_t index, std::string_view json) {
    if (json.empty()) return;
    if (auto* part = last<PartCallArguments>()) part->json += json;
    else m_parts->emplace_back(PartCallArguments{index, std::string(json)});
}

void PartSink::endCall(std::size_t index, bool complete, std::string raw) {
    m_parts->emplace_back(PartCallEnd{index, complete, std::move(raw)});
}

}  // namespace larder::text
