// The expressions of a parsed template. Built by expression_parser, completed by scopes, constant afterwards: any
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/text/jinja/value.h"

namespace larder::text::jinja {

// A variable's place: `hops` functions outwards, then its index there. index < 0: not resolved.
struct Slot {
    int hops = 0;
    int index = -1;
};

enum class ExprType : std::uint8_t {
    Constant, Name, List, Tuple, Dict, Condition, Binary, And, Or, Not, Negate, Plus, Compare, Concat, Attribute, Item,
    Slice, Call, Filter, Test, NamespaceTarget,
};

struct Expr {
    Expr(ExprType kind, int at) : type(kind), line(at) {}
    virtual ~Expr() = default;
    ExprType type;
    int line;
    int depth = 1;  // of the tree below; limited, because trees are walked by recursion
};
using ExprPtr = std::unique_ptr<Expr>;

struct Constant : Expr {
    Constant(Value v, int at) : Expr(ExprType::Constant, at), value(std::move(v)) {}
    Value value;
};
struct Name : Expr {
    Name(std::string n, int at) : Expr(ExprType::Name, at), name(std::move(n)) {}
    std::string name;
    Slot slot;
    bool target = false;  // assigned to, not read
};
// {% set name.attribute = ... %}
struct NamespaceTarget : Expr {
    NamespaceTarget(std::string n, std::string a, int at)
        : Expr(ExprType::NamespaceTarget, at), name(std::move(n)), attribute(std::move(a)) {}
    std::string name, attribute;
    Slot slot;
};
// List, Tuple, Concat, And, Or (two parts), Not, Negate, Plus (one part), Condition (test, then, else or null),
// Slice (start, stop, step, each may be null), Dict (key, value, key, value, ...), Item (object, index).
struct Parts : Expr {
    Parts(ExprType kind, std::vector<ExprPtr> p, int at) : Expr(kind, at), parts(std::move(p)) {}
    std::vector<ExprPtr> parts;
};
struct Binary : Expr {
    Binary(std::string o, ExprPtr l, ExprPtr r, int at)
        : Expr(ExprType::Binary, at), op(std::move(o)), left(std::move(l)), right(std::move(r)) {}
    std::string op;
    ExprPtr left, right;
};
struct Compare : Expr {
    Compare(ExprPtr f, int at) : Expr(ExprType::Compare, at), first(std::move(f)) {}
    ExprPtr first;
    std::vector<std::pair<std::string, ExprPtr>> rest;  // "==", "in", "not in", ...
};
struct Attribute : Expr {
    Attribute(ExprPtr o, std::string n, int at)
        : Expr(ExprType::Attribute, at), object(std::move(o)), name(std::move(n)) {}
    ExprPtr object;
    std::string name;
};
struct CallArguments {
    std::vector<ExprPtr> positional;
    std::vector<std::pair<std::string, ExprPtr>> named;
    ExprPtr spread, namedSpread;  // *list, **dict
};
struct Call : Expr {
    Call(ExprPtr c, CallArguments a, int at)
        : Expr(ExprType::Call, at), callee(std::move(c)), arguments(std::move(a)) {}
    ExprPtr callee;
    CallArguments arguments;
};
// Filter and Test. A filter's input is null when it is a block's text.
struct Applied : Expr {
    Applied(ExprType kind, ExprPtr i, std::string n, CallArguments a, int at)
        : Expr(kind, at), input(std::move(i)), name(std::move(n)), arguments(std::move(a)) {}
    ExprPtr input;
    std::string name;
    CallArguments arguments;
};

}  // namespace larder::text::jinja
