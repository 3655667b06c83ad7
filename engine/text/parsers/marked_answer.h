// The parser for answers with markers: reasoning and calls between stretches of text. One answer each; one thread at a time.
//
// <think> counts where no text came yet (at the beginning, behind other reasoning, behind a call); elsewhere it is text, for
// models write about it. A call inside open reasoning that is whole and closed ends the reasoning: models forget </think>.
// Until then it is held back; if it is no such call it is reasoning. A </think> that comes after that is left out once.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/text/output_parser.h"
#include "engine/text/parsers/call_reader.h"
#include "engine/text/parsers/marker_search.h"
#include "engine/text/parsers/part_sink.h"
#include "engine/text/parsers/text_stretch.h"

namespace larder::text {

class MarkedAnswer final : public OutputParser {
public:
    // settings.toolCalls is not looked at: calls are what the family says.
    MarkedAnswer(const OutputParserSettings& settings, CallFamily family);

    void add(std::string_view text, std::vector<OutputPart>& parts) override;
    void finish(std::vector<OutputPart>& parts) override;

private:
    void read(char byte);
    void foundMarker(const std::string& marker);
    bool beginReasoning();
    bool endReasoning();
    void beginCall(const std::string& opening);
    bool bareCallMayBegin() const;
    void followCall(CallStep step);
    bool isCall(CallStep step, const CallReport& report) const;
    void tellCall(CallReport& report);
    void endCall(CallReport& report, std::string raw);
    void addToStretch(std::string_view text);
    void tell(std::string_view text);

    std::shared_ptr<const base::Json> m_tools;
    CallFamily m_family;
    MarkerSearch m_search;
    PartSink m_sink;
    TextStretch m_stretch;
    bool m_inReasoning;
    bool m_closeOwed = false;  // a call has ended the reasoning
    std::unique_ptr<CallReader> m_call;
    std::string m_raw;           // of the call so far
    bool m_callTold = false;     // its name has gone out
    bool m_blockOpen = false;    // the last call had no closing marker
    bool m_finishing = false;
    std::size_t m_calls = 0;     // that have ended
    std::string m_passed, m_certain;  // kept to save allocations
};

}  // namespace larder::text
