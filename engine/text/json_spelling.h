// Values as the JSON text in which an answer writes them. Any thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "engine/base/json.h"

namespace larder::text {

// Compact; characters as they are where the vocabulary has all of their bytes, else escaped in ASCII. 1.0 is 1.
std::string jsonText(const base::Json& value, const std::function<bool(std::string_view)>& canSpell);

}  // namespace larder::text
