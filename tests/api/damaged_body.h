// Damage for bodies that clients send: bytes changed, and values moved, swapped and retyped within well-formed JSON.
#pragma once

#include <random>
#include <string>
#include <utility>

#include "tests/api/api_house.h"

namespace larder::api {

inline std::string damagedBytes(std::string body, std::mt19937& random) {
    static const std::string kPieces[] = {"null", "[]", "{}", "-1", "1e999", "\"", "\\ud800", "true", "[[[[", "}", ",", ":", "\xff", "\"a\"", "0"};
    for (std::size_t changes = 1 + random() % 3; changes > 0; --changes) {
        const std::size_t at = random() % body.size();
        if (random() % 3 == 0) body.insert(at, kPieces[random() % std::size(kPieces)]);
        else if (random() % 2 == 0) body.erase(at, 1 + random() % 8);
        else body[at] = static_cast<char>(random() % 256);
    }
    return body;
}

// Some value within the document.
inline base::Json& anyValue(base::Json& root, std::mt19937& random) {
    base::Json* at = &root;
    while (at->is_structured() && !at->empty() && random() % 5 != 0) {
        auto next = at->begin();
        std::advance(next, static_cast<std::ptrdiff_t>(random() % at->size()));
        at = &*next;
    }
    return *at;
}

inline base::Json otherValue(const base::Json& old, base::Json& root, std::mt19937& random) {
    switch (random() % 10) {
        case 0: return nullptr;
        case 1: return random() % 2 == 0;
        case 2: return static_cast<std::int64_t>(random()) - 1'000'000'000;
        case 3: return 0.5;
        case 4: return "";
        case 5: return "tool_use";
        case 6: return base::Json::array({old});
        case 7: return base::Json{{"type", "text"}, {"text", old}};
        case 8: return base::Json::object();
        default: return anyValue(root, random);  // from elsewhere in the document
    }
}

inline std::string damagedValues(const std::string& body, std::mt19937& random) {
    base::Json json = parsed(body);
    for (std::size_t changes = 1 + random() % 3; changes > 0; --changes) {
        base::Json& place = anyValue(json, random);
        if (&place == &json) continue;
        base::Json value = otherValue(place, json, random);
        place = std::move(value);
    }
    return json.dump();
}

}  // namespace larder::api
