// Template source -> Program, as Python's jinja2 parses it (with loop controls and transformers' `generation` block).
// Any thread.
#pragma once

#include <string_view>

#include "engine/text/jinja/ast.h"

namespace larder::text::jinja {

// Throws Failure with the line for what is not Jinja, and for what this interpreter leaves out: inheritance, includes,
// imports, recursive loops, autoescape.
Program parse(std::string_view source);

}  // namespace larder::text::jinja
