#include "engine/text/jinja/scopes.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/text/jinja/walk.h"

namespace larder::text::jinja {
namespace {

constexpr std::size_t kMaxCopies = 2'000'000;  // of names, for branches

// One function's worth of slots: the template itself, a macro or a call block's body.
struct Frame {
    int level = 0;
    int slots = 0;
    std::size_t copies = 0;
};

// Where a name lives, seen from anywhere.
struct Place {
    Frame* frame = nullptr;
    int index = -1;
};

struct Origin {
    LoadFrom from = LoadFrom::Nothing;
    bool parameter = false;  // set by whoever enters the scope
    Place place;
};

// The names of one scope. Branches of an `if` are looked at in copies which share the places.
struct Symbols {
    Symbols(Symbols* outer, Frame* owner)
        : parent(outer), frame(owner), places(std::make_shared<std::map<std::string, Place>>()) {}

    // For a branch. Many branches among many names would take the square of the time.
    Symbols copy() const {
        frame->copies += 1 + known.size() + origins.size() + stores.size();
        if (frame->copies > kMaxCopies) fail("the template has too many names in too many branches");
        return *this;
    }

    const Place* findInOuter(const std::string& name) const { return parent != nullptr ? parent->find(name) : nullptr; }
    const Place* find(const std::string& name) const {
        if (known.contains(name)) return &places->at(name);
        return findInOuter(name);
    }

    const Place& define(const std::string& name, const Origin& origin) {
        known.insert(name);
        const auto [it, fresh] = places->try_emplace(name);
        if (fresh) it->second = {frame, frame->slots++};
        origins[name] = origin;
        return it->second;
    }

    void read(const std::string& name) {
        if (find(name) == nullptr) define(name, {LoadFrom::Variables, false, {}});
    }
    void assign(const std::string& name) {
        stores.insert(name);
        if (known.contains(name)) return;
        if (const Place* outer = findInOuter(name)) define(name, {LoadFrom::Slot, false, *outer});
        else define(name, {LoadFrom::Nothing, false, {}});
    }
    const Place& parameter(const std::string& name) {
        stores.insert(name);
        return define(name, {LoadFrom::Nothing, true, {}});
    }

    Symbols* parent;
    Frame* frame;
    std::shared_ptr<std::map<std::string, Place>> places;
    std::set<std::string> known;
    std::map<std::string, Origin> origins;
    std::set<std::string> stores;
};

Slot slotFrom(const Symbols& symbols, const Place& place) {
    return {symbols.frame->level - place.frame->level, place.index};
}

enum class Targets { Assigned, Parameters };

// First pass over what belongs to one scope: which names does it read and assign? Stops at inner scopes.
class Survey {
public:
    explicit Survey(Symbols& symbols) : m_symbols(&symbols) {}

    void body(const Body& statements) {
        for (const auto& statement : statements) visit(*statement);
    }

    void expr(Expr* node, Targets targets = Targets::Assigned) {
        if (node == nullptr) return;
        if (node->type == ExprType::Name) {
            const auto& name = static_cast<const Name&>(*node);
            if (!name.target) m_symbols->read(name.name);
            else if (targets == Targets::Parameters) m_symbols->parameter(name.name);
            else m_symbols->assign(name.name);
        } else if (node->type == ExprType::NamespaceTarget) {
            m_symbols->read(static_cast<const NamespaceTarget&>(*node).name);
        } else {
            eachChild(*node, [&](Expr& child) { expr(&child, targets); });
        }
    }

private:
    void visit(const Statement& statement);
    void branches(const If& node);

    Symbols* m_symbols;
};

void Survey::visit(const Statement& statement) {
    switch (statement.type) {
        case StatementType::Output:
            for (const ExprPtr& part : static_cast<const Output&>(statement).parts) expr(part.get());
            return;
        case StatementType::For: expr(static_cast<const For&>(statement).iterable.get()); return;
        case StatementType::If: branches(static_cast<const If&>(statement)); return;
        case StatementType::Set: {
            const auto& node = static_cast<const Set&>(statement);
            expr(node.value.get());
            expr(node.target.get());
            return;
        }
        case StatementType::SetBlock: expr(static_cast<const SetBlock&>(statement).target.get()); return;
        case StatementType::Macro: m_symbols->assign(static_cast<const Macro&>(statement).function.name); return;
        case StatementType::CallBlock: expr(static_cast<const CallBlock&>(statement).call.get()); return;
        case StatementType::FilterBlock: expr(static_cast<const FilterBlock&>(statement).filter.get()); return;
        case StatementType::With:
            for (const ExprPtr& value : static_cast<const With&>(statement).values) expr(value.get());
            return;
        case StatementType::Break:
        case StatementType::Continue: return;
    }
}

// Takes over what the branches of an `if` found. A name that only they assign keeps its outer value until they do.
void merge(Symbols& into, const std::vector<const Symbols*>& branches) {
    std::set<std::string> fresh;
    for (const Symbols* branch : branches) {
        for (const std::string& name : branch->stores) {
            if (!into.stores.contains(name)) fresh.insert(name);
        }
    }
    for (const Symbols* branch : branches) {
        into.known.insert(branch->known.begin(), branch->known.end());
        for (const auto& [name, origin] : branch->origins) into.origins[name] = origin;
        into.stores.insert(branch->stores.begin(), branch->stores.end());
    }
    for (const std::string& name : fresh) {
        if (const Place* outer = into.findInOuter(name)) into.origins[name] = {LoadFrom::Slot, false, *outer};
        else into.origins[name] = {LoadFrom::Variables, false, {}};
    }
}

void Survey::branches(const If& node) {
    Symbols* const here = m_symbols;
    expr(node.branches.front().first.get());
    Symbols first = here->copy(), elifs = here->copy(), otherwise = here->copy();
    m_symbols = &first;
    body(node.branches.front().second);
    for (std::size_t i = 1; i < node.branches.size(); ++i) {
        m_symbols = &elifs;
        expr(node.branches[i].first.get());
        Symbols inner = elifs.copy();
        m_symbols = &inner;
        body(node.branches[i].second);
        merge(elifs, {&inner});
    }
    m_symbols = &otherwise;
    body(node.otherwise);
    m_symbols = here;
    merge(*here, {&first, &elifs, &otherwise});
}

// Second pass: every name of the program gets its slot, every scope its list of loads.
class Resolver {
public:
    void program(Program& program) {
        Frame frame;
        Symbols symbols(nullptr, &frame);
        Survey(symbols).body(program.body);
        body(program.body, symbols);
        finish(symbols, program.scope);
        program.slots = frame.slots;
    }

private:
    void body(const Body& statements, Symbols& symbols) {
        for (const auto& statement : statements) visit(*statement, symbols);
    }
    void visit(Statement& statement, Symbols& symbols);
    void expr(Expr* node, Symbols& symbols);
    void loop(For& node, Symbols& outer);
    void setBlock(SetBlock& node, Symbols& outer);
    void filterBlock(FilterBlock& node, Symbols& outer);
    void with(With& node, Symbols& outer);
    void function(Function& node, int line, Symbols& outer);
    void special(const Function& node, const char* name, bool mentioned, bool& uses, Slot& slot, Symbols& symbols);
    void finish(const Symbols& symbols, Scope& scope);
};

void Resolver::finish(const Symbols& symbols, Scope& scope) {
    for (const auto& [name, origin] : symbols.origins) {
        const int index = symbols.places->at(name).index;
        scope.slots.push_back(index);
        if (origin.parameter) continue;
        Load load;
        load.index = index;
        load.from = origin.from;
        if (origin.from == LoadFrom::Slot) load.slot = slotFrom(symbols, origin.place);
        if (origin.from == LoadFrom::Variables) load.name = name;
        scope.loads.push_back(std::move(load));
    }
}

void Resolver::expr(Expr* node, Symbols& symbols) {
    if (node == nullptr) return;
    const auto slotOf = [&](const std::string& name) {
        symbols.read(name);  // arguments of a set block's filter are seen here first
        return slotFrom(symbols, *symbols.find(name));
    };
    if (node->type == ExprType::Name) {
        static_cast<Name&>(*node).slot = slotOf(static_cast<Name&>(*node).name);
    } else if (node->type == ExprType::NamespaceTarget) {
        static_cast<NamespaceTarget&>(*node).slot = slotOf(static_cast<NamespaceTarget&>(*node).name);
    } else {
        eachChild(*node, [&](Expr& child) { expr(&child, symbols); });
    }
}

void Resolver::visit(Statement& statement, Symbols& symbols) {
    switch (statement.type) {
        case StatementType::Output:
            for (const ExprPtr& part : static_cast<Output&>(statement).parts) expr(part.get(), symbols);
            return;
        case StatementType::For: loop(static_cast<For&>(statement), symbols); return;
        case StatementType::If: {
            auto& node = static_cast<If&>(statement);
            for (auto& [test, branch] : node.branches) {
                expr(test.get(), symbols);
                body(branch, symbols);
            }
            body(node.otherwise, symbols);
            return;
        }
        case StatementType::Set: {
            auto& node = static_cast<Set&>(statement);
            expr(node.value.get(), symbols);
            expr(node.target.get(), symbols);
            return;
        }
        case StatementType::SetBlock: setBlock(static_cast<SetBlock&>(statement), symbols); return;
        case StatementType::Macro: {
            auto& node = static_cast<Macro&>(statement);
            function(node.function, node.line, symbols);
            node.slot = slotFrom(symbols, *symbols.find(node.function.name));
            return;
        }
        case StatementType::CallBlock: {
            auto& node = static_cast<CallBlock&>(statement);
            function(node.function, node.line, symbols);
            expr(node.call.get(), symbols);
            return;
        }
        case StatementType::FilterBlock: filterBlock(static_cast<FilterBlock&>(statement), symbols); return;
        case StatementType::With: with(static_cast<With&>(statement), symbols); return;
        case StatementType::Break:
        case StatementType::Continue: return;
    }
}

void Resolver::loop(For& node, Symbols& outer) {
    Symbols inner(&outer, outer.frame), test(&outer, outer.frame), otherwise(&outer, outer.frame);
    walkNames(node.body, [&](const std::string& name, NameUse use) {
        if (name == "loop" && use == NameUse::Read) node.usesLoop = true;
        return name != "loop";
    });
    walkNames(node, [&](const std::string& name, NameUse use) {
        if (name == "loop" && use == NameUse::Assigned)
            throw Failure{"'loop' cannot be assigned to in a loop", false, node.line};
        return true;
    });
    if (node.usesLoop) node.loop = slotFrom(inner, inner.parameter("loop"));
    Survey(inner).expr(node.target.get(), Targets::Parameters);
    Survey(inner).body(node.body);
    Survey(otherwise).body(node.otherwise);
    expr(node.iterable.get(), outer);
    if (node.test) {
        Survey(test).expr(node.testTarget.get(), Targets::Parameters);
        Survey(test).expr(node.test.get());
        expr(node.testTarget.get(), test);
        expr(node.test.get(), test);
        finish(test, node.testScope);
    }
    expr(node.target.get(), inner);
    body(node.body, inner);
    finish(inner, node.scope);
    body(node.otherwise, otherwise);
    finish(otherwise, node.otherwiseScope);
}

void Resolver::setBlock(SetBlock& node, Symbols& outer) {
    Symbols inner(&outer, outer.frame);
    Survey(inner).body(node.body);
    body(node.body, inner);
    expr(node.filter.get(), inner);
    expr(node.target.get(), outer);
    finish(inner, node.scope);
}

void Resolver::filterBlock(FilterBlock& node, Symbols& outer) {
    Symbols inner(&outer, outer.frame);
    Survey(inner).body(node.body);
    Survey(inner).expr(node.filter.get());
    body(node.body, inner);
    expr(node.filter.get(), inner);
    finish(inner, node.scope);
}

void Resolver::with(With& node, Symbols& outer) {
    Symbols inner(&outer, outer.frame);
    for (const ExprPtr& target : node.targets) Survey(inner).expr(target.get(), Targets::Parameters);
    Survey(inner).body(node.body);
    for (const ExprPtr& value : node.values) expr(value.get(), outer);
    for (const ExprPtr& target : node.targets) expr(target.get(), inner);
    body(node.body, inner);
    finish(inner, node.scope);
}

// `caller`, `kwargs` and `varargs` exist in functions that mention them.
void Resolver::special(const Function& node, const char* name, bool mentioned, bool& uses, Slot& slot,
                       Symbols& symbols) {
    for (const auto& parameter : node.parameters) {
        if (parameter->name == name) return;
    }
    if (!mentioned) return;
    uses = true;
    slot = slotFrom(symbols, symbols.parameter(name));
}

void Resolver::function(Function& node, int line, Symbols& outer) {
    Frame frame{outer.frame->level + 1, 0, outer.frame->copies};
    Symbols inner(&outer, &frame);
    const auto surveyAll = [&] {
        for (const auto& parameter : node.parameters) inner.parameter(parameter->name);
        for (const ExprPtr& value : node.defaults) Survey(inner).expr(value.get());
        Survey(inner).body(node.body);
    };
    // A name that is assigned before it is read is an ordinary one.
    std::set<std::string> watched = {"caller", "kwargs", "varargs"}, mentioned;
    walkNames(node.body, [&](const std::string& name, NameUse use) {
        if (use == NameUse::Assigned) watched.erase(name);
        else if (watched.contains(name)) mentioned.insert(name);
        return !watched.empty();
    });
    for (std::size_t i = 0; i < node.parameters.size(); ++i) {
        const bool hasDefault = i + node.defaults.size() >= node.parameters.size();
        if (node.parameters[i]->name == "caller" && mentioned.contains("caller") && !hasDefault) {
            throw Failure{"a parameter named caller needs a default", false, line};
        }
    }
    special(node, "caller", mentioned.contains("caller"), node.usesCaller, node.caller, inner);
    special(node, "kwargs", mentioned.contains("kwargs"), node.usesKwargs, node.kwargs, inner);
    special(node, "varargs", mentioned.contains("varargs"), node.usesVarargs, node.varargs, inner);
    surveyAll();
    for (const auto& parameter : node.parameters) expr(parameter.get(), inner);
    for (const ExprPtr& value : node.defaults) expr(value.get(), inner);
    body(node.body, inner);
    finish(inner, node.scope);
    node.slots = frame.slots;
    outer.frame->copies = frame.copies;
}

}  // namespace

void resolveScopes(Program& program) { Resolver().program(program); }

}  // namespace larder::text::jinja
