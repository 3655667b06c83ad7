#include "engine/text/jinja/walk.h"

namespace larder::text::jinja {
namespace {

void eachArgument(CallArguments& arguments, const std::function<void(Expr&)>& visit) {
    for (const ExprPtr& argument : arguments.positional) visit(*argument);
    for (const auto& [name, argument] : arguments.named) visit(*argument);
    if (arguments.spread) visit(*arguments.spread);
    if (arguments.namedSpread) visit(*arguments.namedSpread);
}

bool walkFunction(const Function& function, const NameVisitor& visit) {
    for (const auto& parameter : function.parameters) {
        if (!visit(parameter->name, NameUse::Assigned)) return false;
    }
    for (const ExprPtr& value : function.defaults) {
        if (!walkNames(value.get(), visit)) return false;
    }
    return walkNames(function.body, visit);
}

bool walkAll(const std::vector<ExprPtr>& expressions, const NameVisitor& visit) {
    for (const ExprPtr& expr : expressions) {
        if (!walkNames(expr.get(), visit)) return false;
    }
    return true;
}

bool walkIf(const If& node, const NameVisitor& visit) {
    // jinja2 keeps `else` apart, behind the elifs.
    for (const auto& [test, body] : node.branches) {
        if (!walkNames(test.get(), visit) || !walkNames(body, visit)) return false;
    }
    return walkNames(node.otherwise, visit);
}

}  // namespace

void eachChild(Expr& expr, const std::function<void(Expr&)>& visit) {
    switch (expr.type) {
        case ExprType::Constant:
        case ExprType::Name:
        case ExprType::NamespaceTarget: return;
        case ExprType::Binary: {
            auto& node = static_cast<Binary&>(expr);
            visit(*node.left);
            visit(*node.right);
            return;
        }
        case ExprType::Compare: {
            auto& node = static_cast<Compare&>(expr);
            visit(*node.first);
            for (const auto& [op, operand] : node.rest) visit(*operand);
            return;
        }
        case ExprType::Attribute: visit(*static_cast<Attribute&>(expr).object); return;
        case ExprType::Call: {
            auto& node = static_cast<Call&>(expr);
            visit(*node.callee);
            eachArgument(node.arguments, visit);
            return;
        }
        case ExprType::Filter:
        case ExprType::Test: {
            auto& node = static_cast<Applied&>(expr);
            if (node.input) visit(*node.input);
            eachArgument(node.arguments, visit);
            return;
        }
        default:
            for (const ExprPtr& part : static_cast<Parts&>(expr).parts) {
                if (part) visit(*part);
            }
    }
}

bool walkNames(const Expr* expr, const NameVisitor& visit) {
    if (expr == nullptr) return true;
    if (expr->type == ExprType::Name) {
        const auto& name = static_cast<const Name&>(*expr);
        return visit(name.name, name.target ? NameUse::Assigned : NameUse::Read);
    }
    bool going = true;
    eachChild(const_cast<Expr&>(*expr), [&](Expr& child) { going = going && walkNames(&child, visit); });
    return going;
}

bool walkNames(const Body& body, const NameVisitor& visit) {
    for (const auto& statement : body) {
        if (!walkNames(*statement, visit)) return false;
    }
    return true;
}

bool walkNames(const Statement& statement, const NameVisitor& visit) {
    switch (statement.type) {
        case StatementType::Output: return walkAll(static_cast<const Output&>(statement).parts, visit);
        case StatementType::For: {
            const auto& node = static_cast<const For&>(statement);
            return walkNames(node.target.get(), visit) && walkNames(node.iterable.get(), visit) &&
                   walkNames(node.body, visit) && walkNames(node.otherwise, visit) &&
                   walkNames(node.test.get(), visit);
        }
        case StatementType::If: return walkIf(static_cast<const If&>(statement), visit);
        case StatementType::Set: {
            const auto& node = static_cast<const Set&>(statement);
            return walkNames(node.target.get(), visit) && walkNames(node.value.get(), visit);
        }
        case StatementType::SetBlock: {
            const auto& node = static_cast<const SetBlock&>(statement);
            return walkNames(node.target.get(), visit) && walkNames(node.filter.get(), visit) &&
                   walkNames(node.body, visit);
        }
        case StatementType::Macro: return walkFunction(static_cast<const Macro&>(statement).function, visit);
        case StatementType::CallBlock: {
            const auto& node = static_cast<const CallBlock&>(statement);
            return walkNames(node.call.get(), visit) && walkFunction(node.function, visit);
        }
        case StatementType::FilterBlock: {
            const auto& node = static_cast<const FilterBlock&>(statement);
            return walkNames(node.body, visit) && walkNames(node.filter.get(), visit);
        }
        case StatementType::With: {
            const auto& node = static_cast<const With&>(statement);
            return walkAll(node.targets, visit) && walkAll(node.values, visit) && walkNames(node.body, visit);
        }
        case StatementType::Break:
        case StatementType::Continue: return true;
    }
    return true;
}

}  // namespace larder::text::jinja
