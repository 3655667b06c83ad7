#include "engine/text/parsers/json_call_reader.h"

#include "engine/text/parsers/next_marker.h"
#include "engine/text/parsers/white_space.h"

namespace larder::text {
namespace {

class JsonCallReader final : public CallReader {
public:
    JsonCallReader(JsonCallKind kind, std::string_view ending, const base::Json* tools)
        : m_kind(kind), m_call(kind, tools, m_report), m_ending({ending}) {}

    CallStep add(char byte) override {
        switch (m_place) {
            case Place::Opening:
                if (isWhiteSpace(byte)) return CallStep::Open;
                if (byte != '{') return end(CallStep::NoCall, 1);
                m_place = Place::Object;
                [[fallthrough]];
            case Place::Object: return addToObject(byte);
            case Place::Ending: break;
        }
        return addToEnding(byte);
    }

    CallStep finish() override { return end(m_report.named ? CallStep::Ended : CallStep::NoCall, 0); }

private:
    enum class Place : std::uint8_t { Opening, Object, Ending };

    CallStep addToObject(char byte) {
        const JsonStep step = m_call.add(byte);
        m_report.closed = m_kind == JsonCallKind::Bare && m_report.complete;
        if (step == JsonStep::Open) return CallStep::Open;
        if (!m_report.named) return end(CallStep::NoCall, 1);
        // Models forget the last brace. When the arguments are there, so is the call.
        if (!m_report.complete) return end(CallStep::Ended, 1);
        m_place = Place::Ending;
        return step == JsonStep::Whole ? CallStep::Open : addToEnding(byte);
    }

    CallStep addToEnding(char byte) {
        const MarkerStep step = m_ending.add(byte);
        if (step == MarkerStep::Open) return CallStep::Open;
        if (step == MarkerStep::Other) return end(CallStep::Ended, m_ending.held().size());
        m_report.closed = true;
        return end(CallStep::Ended, 0);
    }

    JsonCallKind m_kind;
    Place m_place = Place::Opening;
    JsonCall m_call;
    NextMarker m_ending;
};

}  // namespace

std::unique_ptr<CallReader> makeJsonCallReader(JsonCallKind kind, std::string_view ending, const base::Json* tools) {
    return std::make_unique<JsonCallReader>(kind, ending, tools);
}

}  // namespace larder::text
