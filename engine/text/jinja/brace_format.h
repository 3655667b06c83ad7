// Python's "{} and {name}".format(...). One thread at a time.
#pragma once

#include "engine/text/jinja/objects.h"

namespace larder::text::jinja {

// Literal parts and inserted strings keep their provenance.
Value braceFormatted(Interpreter& interpreter, const Value& format, const Arguments& arguments);

}  // namespace larder::text::jinja
