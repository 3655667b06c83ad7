// Python's "%s and %d" % values. One thread at a time.
#pragma once

#include "engine/text/jinja/value.h"

namespace larder::text::jinja {

// values: a tuple of arguments, a dict for %(name)s, or one argument. Literal parts and %s keep their provenance.
Value percentFormatted(Interpreter& interpreter, const Value& format, const Value& values);

}  // namespace larder::text::jinja
