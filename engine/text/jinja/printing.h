// Values as text, the way Python's str() and repr() write them. One thread at a time.
#pragma once

#include <string>
#include <string_view>

#include "engine/text/jinja/value.h"

namespace larder::text::jinja {

// str(value). A string is itself, with its provenance; of other values everything is untrusted if any string in them
// is.
Text toText(Budget& budget, const Value& value);
Value toString(Budget& budget, const Value& value);  // the same as a String

// Appends repr(value) to out and clears trusted when a string inside is untrusted.
void appendRepr(Budget& budget, const Value& value, std::string& out, bool& trusted);
std::string repr(Budget& budget, const Value& value);

std::string floatRepr(double number);
std::string quotedRepr(std::string_view text);  // repr of a string
std::string shownName(std::string_view name);   // the same for messages: long ones are cut

// "&<>'\"" as entities, for `escape` and Markup.
Text escaped(Budget& budget, const Text& text);

}  // namespace larder::text::jinja
