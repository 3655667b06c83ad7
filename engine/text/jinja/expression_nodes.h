// Makes expression nodes that know how deep they are, and refuses trees that are too deep to be walked. Any thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/text/jinja/expression.h"

namespace larder::text::jinja {

int depthOf(const ExprPtr& expr);  // 0 for null
int depthOf(const CallArguments& arguments);

// expr, whose children are at most `below` deep. Failure if that is too much.
ExprPtr withDepth(ExprPtr expr, int below);
ExprPtr makeParts(ExprType type, std::vector<ExprPtr> parts, int line);
ExprPtr makeBinary(std::string op, ExprPtr left, ExprPtr right, int line);

template <class... T>
ExprPtr makeParts(ExprType type, int line, T... part) {
    std::vector<ExprPtr> parts;
    (parts.push_back(std::move(part)), ...);
    return makeParts(type, std::move(parts), line);
}

}  // namespace larder::text::jinja
