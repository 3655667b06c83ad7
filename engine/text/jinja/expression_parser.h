// The expression half of the parser: precedence, calls, subscripts, filters and tests. One thread at a time.
#pragma once

#include <string_view>
#include <vector>

#include "engine/text/jinja/ast.h"
#include "engine/text/jinja/token_stream.h"

namespace larder::text::jinja {

class ExpressionParser {
public:
    explicit ExpressionParser(TokenStream& tokens) : m_tokens(tokens) {}

    // allowCondition: whether `a if b else c` may follow, which the head of a loop does not allow.
    enum class Conditions { Allowed, Refused };
    ExprPtr expression(Conditions conditions = Conditions::Allowed);
    // One expression or, with commas, a tuple of them. endName: a name that ends it (`in`, `recursive`).
    ExprPtr tuple(Conditions conditions = Conditions::Allowed, std::string_view endName = {});
    // Names, tuples of them and, where allowed, namespace.attribute.
    enum class Namespaces { Allowed, Refused };
    ExprPtr target(Namespaces namespaces, std::string_view endName = {});
    // `| name(args) | ...` after input; first: the first bar is left out ({% filter upper %}). May return input.
    enum class FirstBar { Written, Omitted };
    ExprPtr filters(ExprPtr input, FirstBar bar = FirstBar::Written);

private:
    ExprPtr condition();
    ExprPtr disjunction();
    ExprPtr conjunction();
    ExprPtr negation();
    ExprPtr comparison();
    ExprPtr sum();
    ExprPtr concatenation();
    ExprPtr product();
    ExprPtr power();
    ExprPtr unary(bool withFilters);
    ExprPtr primary(Namespaces namespaces);
    ExprPtr tupleOf(Conditions conditions, std::string_view endName, bool parentheses, bool simple,
                    Namespaces namespaces);
    ExprPtr listLiteral();
    ExprPtr dictLiteral();
    ExprPtr postfix(ExprPtr node);
    ExprPtr filtersAndTests(ExprPtr node);
    ExprPtr subscript(ExprPtr object);
    ExprPtr subscriptPart();
    ExprPtr call(ExprPtr callee);
    ExprPtr test(ExprPtr input);
    ExprPtr oneFilter(ExprPtr input);
    CallArguments arguments();
    std::string dottedName();

    TokenStream& m_tokens;
    int m_depth = 0;
};

}  // namespace larder::text::jinja
