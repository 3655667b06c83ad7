// {"name": ..., "parameters": {...}}: the whole answer, or behind <|python_tag|>. Several are separated by ";" or white
// space.
#include "engine/text/parsers/json_call_reader.h"

namespace larder::text {

CallFamily llamaJsonCalls() {
    return {{"<|python_tag|>"}, BareCalls::WhereNoText, [](std::string_view, const base::Json* tools) {
                return makeJsonCallReader(JsonCallKind::Bare, ";", tools);
            }};
}

}  // namespace larder::text
