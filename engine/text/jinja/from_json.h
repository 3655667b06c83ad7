// JSON documents as template values; all their strings are untrusted. One thread at a time.
#pragma once

#include "engine/base/json.h"
#include "engine/text/jinja/value.h"

namespace larder::text::jinja {

Value fromJson(Budget& budget, const base::Json& json);

}  // namespace larder::text::jinja
