// Decides for every variable of a template which scope it belongs to, with jinja2's rules: what a loop, block or macro
// assigns stays inside it, a name that is assigned somewhere in a scope is that scope's from its beginning, anything
// else comes from outside. Any thread.
#pragma once

#include "engine/text/jinja/ast.h"

namespace larder::text::jinja {

// Fills the slots and scopes of a freshly parsed program. Throws Failure.
void resolveScopes(Program& program);

}  // namespace larder::text::jinja
