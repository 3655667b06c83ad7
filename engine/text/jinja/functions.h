// The functions, filters and tests a template can name. One thread at a time.
#pragma once

#include <string_view>

#include "engine/text/jinja/objects.h"

namespace larder::text::jinja {

using FilterFunction = Value (*)(Interpreter& interpreter, const Value& input, Arguments& arguments);
using TestFunction = bool (*)(Interpreter& interpreter, const Value& input, Arguments& arguments);

// nullptr if there is none of that name.
FilterFunction findFilter(std::string_view name);
TestFunction findTest(std::string_view name);
// range, dict, namespace, raise_exception, strftime_now, cycler, joiner. Missing if there is none of that name.
Value findGlobal(std::string_view name);

// The groups findFilter asks.
FilterFunction findTextFilter(std::string_view name);
FilterFunction findLayoutFilter(std::string_view name);
FilterFunction findSequenceFilter(std::string_view name);
FilterFunction findSelectingFilter(std::string_view name);
FilterFunction findNumberFilter(std::string_view name);

// json.dumps(value, ensure_ascii, indent, separators, sort_keys) with transformers' defaults.
Value toJson(Interpreter& interpreter, const Value& input, Arguments& arguments);

}  // namespace larder::text::jinja
