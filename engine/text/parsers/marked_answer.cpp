#include "engine/text/parsers/marked_answer.h"

#include <algorithm>
#include <utility>

namespace larder::text {
namespace {

constexpr std::string_view kThink = "<think>";
constexpr std::string_view kThinkEnd = "</think>";

std::vector<std::string> markersOf(const OutputParserSettings& settings, const CallFamily& family) {
    std::vector<std::string> markers = family.openings;
    if (settings.reasoning) markers.insert(markers.end(), {std::string(kThink), std::string(kThinkEnd)});
    return markers;
}

}  // namespace

MarkedAnswer::MarkedAnswer(const OutputParserSettings& settings, CallFamily family)
    : m_tools(settings.tools),
      m_family(std::move(family)),
      m_search(markersOf(settings, m_family)),
      m_stretch(settings.reasoning && settings.reasoningOpen ? LeadingLines::All : LeadingLines::Keep),
      m_inReasoning(settings.reasoning && settings.reasoningOpen) {}

void MarkedAnswer::add(std::string_view text, std::vector<OutputPart>& parts) {
    m_sink.begin(parts);
    for (const char byte : text) read(byte);
}

void MarkedAnswer::finish(std::vector<OutputPart>& parts) {
    m_sink.begin(parts);
    m_finishing = true;
    while (m_call) followCall(m_call->finish());
    m_passed.clear();
    m_search.release(m_passed);
    addToStretch(m_passed);
    m_certain.clear();
    m_stretch.finish(m_certain);
    tell(m_certain);
}

void MarkedAnswer::read(char byte) {
    if (!m_call && byte == '{' && bareCallMayBegin()) beginCall("");
    if (m_call) {
        m_raw += byte;
        followCall(m_call->add(byte));
        return;
    }
    m_passed.clear();
    const auto found = m_search.add(byte, m_passed);
    addToStretch(m_passed);
    if (found) foundMarker(m_search.marker(*found));
}

void MarkedAnswer::foundMarker(const std::string& marker) {
    if (marker != kThink && marker != kThinkEnd) return beginCall(marker);
    if (marker == kThink ? !beginReasoning() : !endReasoning()) addToStretch(marker);
}

// Inside reasoning: the prompt has opened it, and the model says it once more.
bool MarkedAnswer::beginReasoning() {
    if (!m_stretch.blank()) return false;
    m_inReasoning = true;
    m_closeOwed = false;
    m_stretch = TextStretch(LeadingLines::All);
    return true;
}

bool MarkedAnswer::endReasoning() {
    if (!m_inReasoning && !m_closeOwed) return false;
    m_inReasoning = false;
    m_closeOwed = false;
    m_stretch = TextStretch(LeadingLines::All);
    return true;
}

void MarkedAnswer::beginCall(const std::string& opening) {
    m_raw = opening;
    m_callTold = false;
    m_call = m_family.open(opening, m_tools.get());
}

bool MarkedAnswer::bareCallMayBegin() const {
    if (m_inReasoning || m_search.holdsBack() || !m_stretch.blank()) return false;
    return m_family.bare == BareCalls::WhereNoText || (m_family.bare == BareCalls::InOpenBlock && m_blockOpen);
}

// After a step of the call's reader. Inside reasoning nothing is told before all is known.
void MarkedAnswer::followCall(CallStep step) {
    if (!m_inReasoning) tellCall(m_call->report());
    if (step == CallStep::Open) return;
    const std::unique_ptr<CallReader> call = std::exchange(m_call, nullptr);
    CallReport& report = call->report();
    std::string raw = std::exchange(m_raw, {});
    const std::string unread = raw.substr(raw.size() - report.unread);
    raw.resize(raw.size() - unread.size());
    if (isCall(step, report)) endCall(report, std::move(raw));
    else addToStretch(raw);
    for (const char byte : unread) read(byte);
}

bool MarkedAnswer::isCall(CallStep step, const CallReport& report) const {
    if (step != CallStep::Ended) return false;
    return !m_inReasoning || (report.complete && (report.closed || m_finishing));
}

// The stretch of text before it has ended: what it held back only separated.
void MarkedAnswer::tellCall(CallReport& report) {
    if (!report.named) return;
    if (!std::exchange(m_callTold, true)) m_sink.startCall(m_calls, report.name);
    m_sink.addArguments(m_calls, report.arguments);
    report.arguments.clear();
}

void MarkedAnswer::endCall(CallReport& report, std::string raw) {
    if (std::exchange(m_inReasoning, false)) m_closeOwed = true;
    tellCall(report);
    m_sink.endCall(m_calls++, report.complete, std::move(raw));
    m_blockOpen = !report.closed;
    m_stretch = TextStretch(LeadingLines::One);
}

void MarkedAnswer::addToStretch(std::string_view text) {
    m_certain.clear();
    for (const char byte : text) m_stretch.add(byte, m_certain);
    tell(m_certain);
}

void MarkedAnswer::tell(std::string_view text) {
    if (m_inReasoning) m_sink.addReasoning(text);
    else m_sink.addText(text);
}

}  // namespace larder::text
