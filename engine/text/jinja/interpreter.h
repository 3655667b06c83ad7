// Runs a parsed template once. One thread at a time; the Program outlives it.
// Everything a template can change (namespaces, scopes that macros hold on to) is kept until the end of the run and
// emptied there, so that references in a circle are freed too.
#pragma once

#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/text/jinja/ast.h"
#include "engine/text/jinja/budget.h"
#include "engine/text/jinja/objects.h"

namespace larder::text::jinja {

// The variables of one running function: the template, a macro or a call block's body.
struct Activation {
    std::vector<Value> slots;
    std::shared_ptr<Activation> outer;
    bool kept = false;
};

class Interpreter {
public:
    using Variables = std::unordered_map<std::string, Value>;

    // budget outlives the values of variables. now: what strftime_now tells.
    Interpreter(const Program& program, Budget& budget, Variables variables, const std::tm& now);
    ~Interpreter();
    Interpreter(const Interpreter&) = delete;
    Interpreter& operator=(const Interpreter&) = delete;

    Text run();  // once; throws Failure

    // For filters, tests, methods and functions.
    Budget& budget() { return m_budget; }
    const std::tm& now() const { return m_now; }
    Value call(const Value& callee, Arguments arguments);
    Value attribute(const Value& object, const std::string& name);  // object.name
    Value item(const Value& object, const Value& key);              // object[key]
    Value applyFilter(const std::string& name, const Value& input, Arguments arguments);
    bool applyTest(const std::string& name, const Value& input, Arguments arguments);
    // forget() is called at the end of the run: for objects that may refer to themselves.
    void keep(std::shared_ptr<Object> object, std::function<void()> forget);

    // For macros.
    Value runFunction(const Function& function, const std::shared_ptr<Activation>& outer,
                      const std::function<void(Activation&)>& setParameters);
    void setDefault(Value& slot, const Function& function, std::size_t parameter);
    Value& slot(const Slot& place);

private:
    enum class Flow { Normal, Break, Continue };

    Flow body(const Body& statements);
    Flow statement(const Statement& statement);
    Flow branch(const If& node);
    Flow loop(const For& node);
    Flow with(const With& node);
    void print(const Output& node);
    void set(const Set& node);
    Flow setBlock(const SetBlock& node);
    void callBlock(const CallBlock& node);
    Flow filterBlock(const FilterBlock& node);
    Flow captured(const Body& statements, Text& into);
    void enterScope(const Scope& scope);
    void leaveScope(const Scope& scope);
    void assign(const Expr& target, Value value);
    void checkNamespaces(const Expr& target);
    IteratorObject::Next filtered(const For& node, IteratorObject::Next items);
    Value macro(const Function& function);
    void write(const Text& text);

    Value eval(const Expr& expr);
    Value name(const Name& node);
    Value variable(const std::string& name);
    Value dictLiteral(const Parts& node);
    Value logical(const Parts& node);
    Value condition(const Parts& node);
    Value comparison(const Compare& node);
    bool compareOnce(const std::string& op, const Value& left, const Value& right);
    Value concatenation(const Parts& node);
    Value subscript(const Parts& node);
    Value callExpression(const Call& node, Value caller);
    Value filter(const Applied& node, const Value* blockText);
    std::vector<Value> evalAll(const std::vector<ExprPtr>& parts);
    Arguments evalArguments(const CallArguments& arguments);
    bool truth(const Expr& expr);

    const Program& m_program;
    Budget& m_budget;
    Variables m_variables;
    std::tm m_now;
    std::shared_ptr<Activation> m_activation;
    Text* m_output = nullptr;
    int m_line = 0;
    struct Kept {
        std::shared_ptr<Object> object;
        std::function<void()> forget;
    };
    std::vector<Kept> m_kept;
    std::vector<std::shared_ptr<Activation>> m_activations;
};

}  // namespace larder::text::jinja
