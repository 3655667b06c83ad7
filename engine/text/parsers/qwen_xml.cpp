// <tool_call>\n<function=NAME>\n<parameter=KEY>\nVALUE\n</parameter>\n</function>\n</tool_call>, as Qwen3-Coder writes
// calls; it sometimes leaves out <tool_call>, or what closes the function or the block. A value is exact between the
// line break behind its opening and the one before its closing tag. It ends only where another parameter or the end of
// the call follows, so that it may hold such a tag itself.
#include <optional>

#include "engine/text/parsers/call_reader.h"
#include "engine/text/parsers/json_pieces.h"
#include "engine/text/parsers/marker_search.h"
#include "engine/text/parsers/next_marker.h"
#include "engine/text/parsers/raw_value.h"

namespace larder::text {
namespace {

constexpr std::string_view kBlock = "<tool_call>";
constexpr std::string_view kBlockEnd = "</tool_call>";
constexpr std::string_view kFunction = "<function=";
constexpr std::string_view kFunctionEnd = "</function>";
constexpr std::string_view kParameter = "<parameter=";
constexpr std::string_view kParameterEnd = "</parameter>";
constexpr std::size_t kMaxNameBytes = 256;

class QwenXml final : public CallReader {
public:
    QwenXml(std::string_view opening, const base::Json* tools)
        : m_inBlock(opening == kBlock), m_tools(tools), m_place(m_inBlock ? Place::Block : Place::Name) {}

    CallStep add(char byte) override {
        switch (m_place) {
            case Place::Block: return addToBlock(byte);
            case Place::Name: return addToName(byte);
            case Place::Key: return addToKey(byte);
            case Place::Value: addToValue(byte); return CallStep::Open;
            case Place::Between: return addBetween(byte);
            case Place::Ending: break;
        }
        return addToEnding(byte);
    }

    CallStep finish() override { return end(m_report.named ? CallStep::Ended : CallStep::NoCall, 0); }

private:
    // Between: behind the name, and behind what may be the end of a value.
    enum class Place : std::uint8_t { Block, Name, Between, Key, Value, Ending };

    CallStep addToBlock(char byte) {
        const MarkerStep step = m_function.add(byte);
        if (step == MarkerStep::Other) return breakOff(m_function.held().size());
        if (step == MarkerStep::Found) m_place = Place::Name;
        return CallStep::Open;
    }

    // Without a block it may still be talk about calls: the name is told when more of a call follows.
    CallStep addToName(char byte) {
        if (byte != '>') return addToTag(byte);
        if (m_tag.empty()) return breakOff(1);
        m_report.name = std::exchange(m_tag, {});
        m_report.named = m_inBlock;
        m_schema = argumentsSchema(m_tools, m_report.name);
        m_place = Place::Between;
        return CallStep::Open;
    }

    CallStep addToKey(char byte) {
        if (byte != '>') return addToTag(byte);
        if (m_tag.empty()) return breakOff(1);
        m_report.arguments += m_empty ? '{' : ',';
        m_empty = false;
        appendJsonString(m_report.arguments, m_tag);
        m_report.arguments += ':';
        m_value.emplace(m_schema.property(m_tag), m_report.arguments);
        m_tag.clear();
        m_atValueBegin = true;
        m_lineBreak = false;
        m_place = Place::Value;
        return CallStep::Open;
    }

    CallStep addToTag(char byte) {
        if (byte == '<' || byte == '\n' || m_tag.size() == kMaxNameBytes) return breakOff(1);
        m_tag += byte;
        return CallStep::Open;
    }

    void addToValue(char byte) {
        m_passed.clear();
        const bool mayEnd = m_parameterEnd.add(byte, m_passed).has_value();
        for (const char passed : m_passed) addValueByte(passed);
        if (!mayEnd) return;
        m_next.begin();
        m_place = Place::Between;
    }

    void addValueByte(char byte) {
        if (std::exchange(m_atValueBegin, false) && byte == '\n') return;
        if (m_lineBreak) m_value->add("\n");
        m_lineBreak = byte == '\n';
        if (!m_lineBreak) m_value->add({&byte, 1});
    }

    CallStep addBetween(char byte) {
        const MarkerStep step = m_next.add(byte);
        if (step == MarkerStep::Open) return CallStep::Open;
        if (step == MarkerStep::Other) return continueValue();
        if (m_value) m_value->end();
        m_value.reset();
        m_report.named = true;
        if (m_next.found() == kParameter) {
            m_place = Place::Key;
            return CallStep::Open;
        }
        m_report.arguments += m_empty ? "{}" : "}";
        m_report.complete = true;
        m_place = Place::Ending;
        m_report.closed = m_next.found() == kBlockEnd;
        return m_report.closed ? end(CallStep::Ended, 0) : CallStep::Open;
    }

    // It was not the end of the value, or there is none.
    CallStep continueValue() {
        const std::string held = m_next.held();
        if (!m_value) return breakOff(held.size());
        m_place = Place::Value;
        for (const char byte : kParameterEnd) addValueByte(byte);
        for (const char byte : held) addToValue(byte);
        return CallStep::Open;
    }

    CallStep addToEnding(char byte) {
        const MarkerStep step = m_blockEnd.add(byte);
        if (step == MarkerStep::Open) return CallStep::Open;
        if (step == MarkerStep::Other) return end(CallStep::Ended, m_blockEnd.held().size());
        m_report.closed = true;
        return end(CallStep::Ended, 0);
    }

    CallStep breakOff(std::size_t unread) { return end(m_report.named ? CallStep::Ended : CallStep::NoCall, unread); }

    bool m_inBlock;
    const base::Json* m_tools;
    Place m_place;
    ValueSchema m_schema;  // of the arguments
    std::string m_tag;     // a name or key so far
    bool m_empty = true;   // no parameter yet
    std::optional<RawValue> m_value;
    bool m_atValueBegin = false;
    bool m_lineBreak = false;  // held back: the value's last byte was one
    std::string m_passed;
    NextMarker m_function{{kFunction}};
    NextMarker m_next{{kParameter, kFunctionEnd, kBlockEnd}};
    NextMarker m_blockEnd{{kBlockEnd}};
    MarkerSearch m_parameterEnd{{std::string(kParameterEnd)}};
};

}  // namespace

CallFamily qwenXmlCalls() {
    CallFamily family;
    family.openings = {std::string(kBlock), std::string(kFunction)};
    family.open = [](std::string_view opening, const base::Json* tools) -> std::unique_ptr<CallReader> {
        return std::make_unique<QwenXml>(opening, tools);
    };
    return family;
}

}  // namespace larder::text
