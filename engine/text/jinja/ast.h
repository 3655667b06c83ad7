// A parsed template: statements, and where each variable lives. Built by parser, completed by scopes, constant
// afterwards: any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/text/jinja/expression.h"

namespace larder::text::jinja {

enum class LoadFrom : std::uint8_t { Variables, Slot, Nothing };
// How a variable of a scope gets its value when the scope is entered.
struct Load {
    int index = -1;
    LoadFrom from = LoadFrom::Nothing;
    Slot slot;
    std::string name;
};
struct Scope {
    std::vector<Load> loads;
    std::vector<int> slots;  // all of this scope's, forgotten when it is left
};

enum class StatementType : std::uint8_t {
    Output, For, If, Set, SetBlock, Macro, CallBlock, FilterBlock, With, Break, Continue,
};
struct Statement {
    Statement(StatementType kind, int at) : type(kind), line(at) {}
    virtual ~Statement() = default;
    StatementType type;
    int line;
};
using Body = std::vector<std::unique_ptr<Statement>>;

struct Output : Statement {
    explicit Output(int at) : Statement(StatementType::Output, at) {}
    std::vector<ExprPtr> parts;
};
struct For : Statement {
    explicit For(int at) : Statement(StatementType::For, at) {}
    ExprPtr target, iterable;
    ExprPtr test, testTarget;  // null without `if`; testTarget is target once more, in the test's own scope
    Body body, otherwise;
    bool usesLoop = false;
    Slot loop;
    Scope scope, testScope, otherwiseScope;
};
struct If : Statement {
    explicit If(int at) : Statement(StatementType::If, at) {}
    std::vector<std::pair<ExprPtr, Body>> branches;
    Body otherwise;
};
struct Set : Statement {
    explicit Set(int at) : Statement(StatementType::Set, at) {}
    ExprPtr target, value;
};
struct SetBlock : Statement {
    explicit SetBlock(int at) : Statement(StatementType::SetBlock, at) {}
    ExprPtr target, filter;  // filter may be null
    Body body;
    Scope scope;
};
// What macros and call blocks share: a function of the template.
struct Function {
    std::string name;  // empty for a call block's body
    std::vector<std::unique_ptr<Name>> parameters;
    std::vector<ExprPtr> defaults;  // of the last parameters
    Body body;
    bool usesCaller = false, usesKwargs = false, usesVarargs = false;
    Slot caller, kwargs, varargs;
    Scope scope;
    int slots = 0;  // variables of all its scopes
};
struct Macro : Statement {
    explicit Macro(int at) : Statement(StatementType::Macro, at) {}
    Function function;
    Slot slot;
};
struct CallBlock : Statement {
    explicit CallBlock(int at) : Statement(StatementType::CallBlock, at) {}
    Function function;
    ExprPtr call;  // null for {% generation %}: the body is called at once
};
struct FilterBlock : Statement {
    explicit FilterBlock(int at) : Statement(StatementType::FilterBlock, at) {}
    ExprPtr filter;
    Body body;
    Scope scope;
};
struct With : Statement {
    explicit With(int at) : Statement(StatementType::With, at) {}
    std::vector<ExprPtr> targets, values;
    Body body;
    Scope scope;
};

struct Program {
    Body body;
    Scope scope;
    int slots = 0;
};

}  // namespace larder::text::jinja
