#include "engine/text/json_choice.h"

#include <algorithm>
#include <iterator>

namespace larder::text {

namespace {

JsonKinds kindOf(std::string_view literal) {
    switch (literal.front()) {
        case 'n': return kNullKind;
        case 't':
        case 'f': return kBooleanKind;
        case '"': return kStringKind;
        case '[': return kArrayKind;
        case '{': return kObjectKind;
        default: return literal.find_first_of(".eE") == std::string_view::npos ? kWholeKind : kFractionKind;
    }
}

// The kinds that literals have.
JsonKinds kindsOf(const std::vector<std::string>& literals) {
    JsonKinds kinds = 0;
    for (const std::string& literal : literals) kinds |= kindOf(literal);
    return kinds;
}

// The kinds of which it has more than literals.
JsonKinds wideKinds(const JsonChoice& choice) {
    JsonKinds kinds = 0;
    if (choice.string) kinds |= kStringKind;
    if (choice.array) kinds |= kArrayKind;
    if (choice.object >= 0) kinds |= kObjectKind;
    if (choice.number != JsonNumber::None) kinds |= kWholeKind;
    if (choice.number == JsonNumber::Any) kinds |= kFractionKind;
    return kinds;
}

void dropLiterals(JsonChoice& choice, JsonKinds kinds) {
    std::erase_if(choice.literals, [kinds](const std::string& literal) { return (kindOf(literal) & kinds) != 0; });
}

}  // namespace

JsonChoice anyChoice() {
    return {.literals = {"false", "null", "true"}, .number = JsonNumber::Any, .string = true, .array = true, .items = kAnyValue, .object = 0};
}

bool allowsNothing(const JsonChoice& choice) { return choice.literals.empty() && wideKinds(choice) == 0; }

void keepKinds(JsonChoice& choice, JsonKinds kinds) {
    dropLiterals(choice, static_cast<JsonKinds>(~kinds));
    if ((kinds & kNumberKinds) == 0) choice.number = JsonNumber::None;
    if ((kinds & kNumberKinds) == kWholeKind) choice.number = std::min(choice.number, JsonNumber::Integer);
    if ((kinds & kStringKind) == 0) choice.string = false;
    if ((kinds & kObjectKind) == 0) choice.object = -1;
    if ((kinds & kArrayKind) == 0) {
        choice.array = false;
        choice.items = kNoValue;
    }
}

JsonUnion unite(JsonChoice& into, const JsonChoice& other) {
    JsonUnion result;
    const JsonKinds wide = wideKinds(into) | wideKinds(other);
    const JsonKinds literal = kindsOf(into.literals) | kindsOf(other.literals);
    std::vector<std::string> literals;
    std::set_union(std::move_iterator(into.literals.begin()), std::move_iterator(into.literals.end()), other.literals.begin(),
                   other.literals.end(), std::back_inserter(literals));
    const bool twice = literals.size() < into.literals.size() + other.literals.size();
    result.disjoint = !twice && (wideKinds(into) & wideKinds(other)) == 0 && (wide & literal) == 0;
    into.literals = std::move(literals);

    into.string = into.string || other.string;
    into.number = std::max(into.number, other.number);
    if (into.number == JsonNumber::Integer && (literal & kFractionKind) != 0) {
        into.number = JsonNumber::Any;
        result.exact = false;
    }
    // Two shapes of one kind begin with the same byte.
    const bool oneArray = !into.array || !other.array || into.items == other.items;
    into.items = into.array ? into.items : other.items;
    into.array = into.array || other.array;
    if (!oneArray || (into.array && (literal & kArrayKind) != 0)) {
        into.items = kAnyValue;
        result.exact = false;
    }
    const bool oneObject = into.object < 0 || other.object < 0 || into.object == other.object;
    into.object = std::max(into.object, other.object);
    if (!oneObject || (into.object >= 0 && (literal & kObjectKind) != 0)) {
        into.object = 0;
        result.exact = false;
    }
    dropLiterals(into, wideKinds(into));
    return result;
}

}  // namespace larder::text
