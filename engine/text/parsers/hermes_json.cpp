// <tool_call>\n{"name": ..., "arguments": {...}}\n</tool_call>. The closing marker may be missing, and several objects may
// stand in one block.
#include "engine/text/parsers/json_call_reader.h"

namespace larder::text {

CallFamily hermesJsonCalls() {
    return {{"<tool_call>"}, BareCalls::InOpenBlock, [](std::string_view, const base::Json* tools) {
                return makeJsonCallReader(JsonCallKind::Marked, "</tool_call>", tools);
            }};
}

}  // namespace larder::text
