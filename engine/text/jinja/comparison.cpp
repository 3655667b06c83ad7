#include <algorithm>
#include <cmath>
#include <string>

#include "engine/text/jinja/operators.h"

namespace larder::text::jinja {
namespace {

enum class Order { Less, Equal, Greater, None };

template <class T>
Order orderOf(const T& left, const T& right) {
    if (left < right) return Order::Less;
    if (right < left) return Order::Greater;
    return left == right ? Order::Equal : Order::None;
}

Order compare(Budget& budget, const Value& left, const Value& right, std::string_view op) {
    budget.steps(1);
    const Level level(budget);
    if (left.undefined()) failUndefined(left);
    if (right.undefined()) failUndefined(right);
    if (left.isIntegral() && right.isIntegral()) return orderOf(left.integer(), right.integer());
    if (left.isNumber() && right.isNumber()) return orderOf(left.number(), right.number());
    if (left.isString() && right.isString()) {
        budget.bytes(std::min(left.bytes().size(), right.bytes().size()));
        return orderOf(left.bytes(), right.bytes());  // UTF-8 sorts like its code points
    }
    if (left.kind() == right.kind() && (left.is(Kind::List) || left.is(Kind::Tuple))) {
        const std::size_t common = std::min(left.items().size(), right.items().size());
        for (std::size_t i = 0; i < common; ++i) {
            if (!equal(budget, left.items()[i], right.items()[i])) {
                return compare(budget, left.items()[i], right.items()[i], op);
            }
        }
        return orderOf(left.items().size(), right.items().size());
    }
    fail("'" + std::string(op) + "' not supported between instances of '" + typeName(left) + "' and '" +
         typeName(right) + "'");
}

}  // namespace

bool less(Budget& budget, const Value& left, const Value& right, std::string_view op) {
    return compare(budget, left, right, op) == Order::Less;
}

bool greater(Budget& budget, const Value& left, const Value& right, std::string_view op) {
    return compare(budget, left, right, op) == Order::Greater;
}

bool lessOrEqual(Budget& budget, const Value& left, const Value& right, std::string_view op) {
    const Order order = compare(budget, left, right, op);
    return order == Order::Less || order == Order::Equal;
}

bool greaterOrEqual(Budget& budget, const Value& left, const Value& right, std::string_view op) {
    const Order order = compare(budget, left, right, op);
    return order == Order::Greater || order == Order::Equal;
}

}  // namespace larder::text::jinja
