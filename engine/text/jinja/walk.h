// Visits every name in a part of a template, in source order of jinja2's own trees. Any thread.
#pragma once

#include <functional>

#include "engine/text/jinja/ast.h"

namespace larder::text::jinja {

enum class NameUse { Read, Assigned };
// Return false to end the walk.
using NameVisitor = std::function<bool(const std::string& name, NameUse use)>;

bool walkNames(const Expr* expr, const NameVisitor& visit);
bool walkNames(const Statement& statement, const NameVisitor& visit);
bool walkNames(const Body& body, const NameVisitor& visit);

// The children of an expression that are evaluated with it, in order; null ones are left out.
void eachChild(Expr& expr, const std::function<void(Expr&)>& visit);

}  // namespace larder::text::jinja
