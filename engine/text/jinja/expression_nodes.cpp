#include "engine/text/jinja/expression_nodes.h"

#include <algorithm>
#include <memory>

namespace larder::text::jinja {
namespace {

constexpr int kMaxExpressionDepth = 200;  // Python refuses more than 200 nested parentheses as well

}  // namespace

int depthOf(const ExprPtr& expr) { return expr ? expr->depth : 0; }

int depthOf(const CallArguments& arguments) {
    int depth = std::max(depthOf(arguments.spread), depthOf(arguments.namedSpread));
    for (const ExprPtr& argument : arguments.positional) depth = std::max(depth, depthOf(argument));
    for (const auto& [name, argument] : arguments.named) depth = std::max(depth, depthOf(argument));
    return depth;
}

ExprPtr withDepth(ExprPtr expr, int below) {
    expr->depth = below + 1;
    if (expr->depth > kMaxExpressionDepth) throw Failure{"an expression is nested too deeply", false, expr->line};
    return expr;
}

ExprPtr makeParts(ExprType type, std::vector<ExprPtr> parts, int line) {
    int depth = 0;
    for (const ExprPtr& part : parts) depth = std::max(depth, depthOf(part));
    return withDepth(std::make_unique<Parts>(type, std::move(parts), line), depth);
}

ExprPtr makeBinary(std::string op, ExprPtr left, ExprPtr right, int line) {
    const int depth = std::max(depthOf(left), depthOf(right));
    return withDepth(std::make_unique<Binary>(std::move(op), std::move(left), std::move(right), line), depth);
}

}  // namespace larder::text::jinja
