// Random schemas within what the compiler understands, and random values that they allow. Deterministic for a generator's
// state. One thread.
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "engine/base/json.h"
#include "tests/text/schema_validator.h"

namespace larder::text {

class SchemaDice {
public:
    // scalarLiterals: no enum and const of arrays and objects, which may be written in one way only.
    explicit SchemaDice(unsigned seed, bool scalarLiterals = false) : m_random(seed), m_literalDepth(scalarLiterals ? 0 : 1) {}

    std::size_t upTo(std::size_t count) { return m_random() % count; }
    bool chance(int percent) { return m_random() % 100 < static_cast<unsigned>(percent); }

    std::string word() {
        static const char* const kWords[] = {"a", "ab", "abc", "name", "names", "file_path", "x y", "q\"uote", "back\\slash", "\xc3\xa4rger", "\xe6\x97\xa5\xe6\x9c\xac",
                                             "\xf0\x9f\x98\x80", "line\nend", "", "{", "tool_call", "0", "null"};
        return kWords[upTo(std::size(kWords))];
    }

    base::Json scalar() {
        switch (upTo(6)) {
            case 0: return nullptr;
            case 1: return chance(50);
            case 2: return static_cast<int>(upTo(2000)) - 1000;
            case 3: return (static_cast<int>(upTo(2000)) - 1000.5) / 8;
            default: return word();
        }
    }

    base::Json value(int depth) {
        if (depth == 0 || chance(50)) return scalar();
        base::Json made = chance(50) ? base::Json::array() : base::Json::object();
        for (std::size_t i = upTo(4); i > 0; --i) {
            if (made.is_array()) made.push_back(value(depth - 1));
            else made[word()] = value(depth - 1);
        }
        return made;
    }

    base::Json schema(int depth) {
        switch (upTo(depth > 0 ? 10 : 5)) {
            case 0: return chance(50) ? base::Json(true) : base::Json::object();
            case 1: {
                static const char* const kTypes[] = {"null", "boolean", "integer", "number", "string", "array", "object"};
                if (chance(70)) return {{"type", kTypes[upTo(7)]}};
                return {{"type", {kTypes[upTo(7)], kTypes[upTo(7)]}}};
            }
            case 2: return {{"type", "string"}};
            case 3: {
                base::Json values = base::Json::array();
                for (std::size_t i = 1 + upTo(6); i > 0; --i) values.push_back(value(m_literalDepth));
                return {{"enum", values}};
            }
            case 4: return {{"const", value(m_literalDepth)}};
            case 5: return {{"type", "array"}, {"items", schema(depth - 1)}};
            case 6: return {{"type", "object"}, {"additionalProperties", schema(depth - 1)}};
            case 7: {
                base::Json list = base::Json::array({{{"type", "null"}}, {{"type", "string"}}});
                list.push_back(chance(50) ? object(depth - 1) : base::Json{{"type", "array"}, {"items", schema(depth - 1)}});
                return {{chance(50) ? "anyOf" : "oneOf", list}};
            }
            default: return object(depth - 1);
        }
    }

    base::Json object(int depth) {
        base::Json made = {{"type", "object"}, {"properties", base::Json::object()}, {"required", base::Json::array()}};
        for (std::size_t i = upTo(6); i > 0; --i) {
            const std::string key = word();
            if (made["properties"].contains(key)) continue;
            made["properties"][key] = schema(depth);
            if (chance(50)) made["required"].push_back(key);
        }
        if (chance(20)) made["required"].push_back("more");
        if (chance(30)) made["additionalProperties"] = false;
        return made;
    }

    // null when it finds none.
    std::optional<base::Json> instance(const base::Json& schema) {
        for (int tries = 0; tries < 40; ++tries) {
            base::Json made = attempt(schema);
            if (isValid(made, schema, schema)) return made;
        }
        return std::nullopt;
    }

private:
    base::Json attempt(const base::Json& schema) {
        if (schema.is_boolean() || schema.empty()) return value(2);
        if (schema.contains("enum")) return schema["enum"][upTo(schema["enum"].size())];
        if (schema.contains("const")) return schema["const"];
        for (const char* keyword : {"anyOf", "oneOf"})
            if (schema.contains(keyword)) return attempt(schema[keyword][upTo(schema[keyword].size())]);
        const base::Json& type = schema["type"].is_array() ? schema["type"][upTo(schema["type"].size())] : schema["type"];
        if (type == "null") return nullptr;
        if (type == "boolean") return chance(50);
        if (type == "integer") return static_cast<std::int64_t>(m_random()) - (std::int64_t{1} << 31);
        if (type == "number") return (static_cast<double>(m_random()) - 2147483648.0) / 4096;
        if (type == "string") return word();
        base::Json made = type == "array" ? base::Json::array() : base::Json::object();
        if (type == "array") {
            for (std::size_t i = upTo(4); i > 0; --i) made.push_back(schema.contains("items") ? attempt(schema["items"]) : value(1));
            return made;
        }
        if (!schema.contains("properties")) {
            for (std::size_t i = upTo(4); i > 0; --i)
                made[word()] = schema.contains("additionalProperties") ? attempt(schema["additionalProperties"]) : value(1);
            return made;
        }
        std::vector<std::string> keys;
        for (const auto& [key, its] : schema["properties"].items()) keys.push_back(key);
        std::shuffle(keys.begin(), keys.end(), m_random);
        const base::Json& required = schema["required"];
        for (const std::string& key : keys)
            if (chance(60) || std::find(required.begin(), required.end(), key) != required.end()) made[key] = attempt(schema["properties"][key]);
        for (const base::Json& key : required)
            if (!made.contains(key.get<std::string>())) made[key.get<std::string>()] = value(1);
        return made;
    }

    std::mt19937 m_random;
    const int m_literalDepth;
};

}  // namespace larder::text
