// Set operations on what a JSON value may be. Any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/text/json_grammar.h"

namespace larder::text {

// Sets of kinds of JSON values, one bit each. A number is whole or not.
using JsonKinds = std::uint8_t;
inline constexpr JsonKinds kNullKind = 1, kBooleanKind = 2, kWholeKind = 4, kFractionKind = 8, kStringKind = 16, kArrayKind = 32,
                           kObjectKind = 64, kNumberKinds = kWholeKind | kFractionKind, kAllKinds = 127;

JsonChoice anyChoice();
bool allowsNothing(const JsonChoice& choice);

// What is also of these kinds.
void keepKinds(JsonChoice& choice, JsonKinds kinds);

struct JsonUnion {
    bool exact = true;     // false: it allows more than the two together
    bool disjoint = true;  // no value was in both
};
JsonUnion unite(JsonChoice& into, const JsonChoice& other);

}  // namespace larder::text
