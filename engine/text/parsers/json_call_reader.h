// Reads calls that are JSON objects: an opening marker or none, white space, the object, and what ends it.
#pragma once

#include <memory>
#include <string_view>

#include "engine/text/parsers/call_reader.h"
#include "engine/text/parsers/json_call.h"

namespace larder::text {

// ending: the closing marker, which may be missing; Bare calls need none and have a separator in its place. tools may be
// null; they outlive the reader.
std::unique_ptr<CallReader> makeJsonCallReader(JsonCallKind kind, std::string_view ending, const base::Json* tools);

}  // namespace larder::text
