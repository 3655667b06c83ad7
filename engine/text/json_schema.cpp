#include "engine/text/json_schema.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "engine/base/utf8.h"
#include "engine/text/json_choice.h"
#include "engine/text/json_spelling.h"

namespace larder::text {

namespace {

using base::Json;

constexpr std::size_t kMostLevels = 32;
constexpr std::size_t kMostValues = 20'000;  // schemas, properties and literals of one answer's grammar
constexpr std::size_t kMostTextBytes = 4 << 20;
constexpr std::size_t kMostTypes = 7;

// What this compiler leaves out although it constrains. Keywords in no list are annotations.
constexpr std::string_view kUnsupported[] = {
    "pattern", "minLength", "maxLength", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
    "minItems", "maxItems", "uniqueItems", "contains", "minContains", "maxContains", "prefixItems", "additionalItems",
    "unevaluatedItems", "minProperties", "maxProperties", "patternProperties", "propertyNames", "dependentRequired",
    "dependentSchemas", "dependencies", "unevaluatedProperties", "not", "if", "then", "else", "$dynamicRef", "$recursiveRef"};
constexpr std::string_view kStructure[] = {"properties", "required", "additionalProperties", "items"};

Error notASchema(const std::string& path, std::string_view what) {
    return {ErrorCode::InvalidArgument, path + " is not a JSON schema: " + std::string(what)};
}

// A key or a value as messages show it.
std::string shown(std::string_view text) {
    constexpr std::size_t kMostBytes = 60;
    if (text.size() <= kMostBytes) return std::string(text);
    return base::repairUtf8(text.substr(0, kMostBytes)) + "...";
}

const Json* keywordOf(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found == object.end() ? nullptr : &*found;
}

JsonKinds kindsOfType(std::string_view type) {
    if (type == "null") return kNullKind;
    if (type == "boolean") return kBooleanKind;
    if (type == "integer") return kWholeKind;
    if (type == "number") return kNumberKinds;
    if (type == "string") return kStringKind;
    if (type == "array") return kArrayKind;
    return type == "object" ? kObjectKind : JsonKinds{0};
}

Expected<JsonKinds> readTypes(const Json& schema, const std::string& path) {
    const Json* type = keywordOf(schema, "type");
    if (type == nullptr) return kAllKinds;
    if (type->size() > kMostTypes) return notASchema(path, "\"type\" lists more than there are");
    const std::size_t count = type->is_array() ? type->size() : 1;
    JsonKinds kinds = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const Json& each = type->is_array() ? (*type)[i] : *type;
        const JsonKinds found = each.is_string() ? kindsOfType(each.get_ref<const std::string&>()) : JsonKinds{0};
        if (found == 0) return notASchema(path, "\"type\" is " + shown(base::dumpJson(*type)));
        kinds |= found;
    }
    return kinds;
}

// Of a JSON pointer (RFC 6901): ~1 is '/', ~0 is '~'.
std::string pointerStep(std::string_view step) {
    std::string key;
    for (std::size_t i = 0; i < step.size(); ++i) {
        const bool escape = step[i] == '~' && i + 1 < step.size() && (step[i + 1] == '0' || step[i + 1] == '1');
        key += !escape ? step[i] : step[++i] == '0' ? '~' : '/';
    }
    return key;
}

}  // namespace

// One schema document.
class JsonSchemaCompiler::Walk {
public:
    Walk(JsonSchemaCompiler& to, const Json& root, bool strict) : m_to(to), m_root(root), m_strict(strict) {}

    Expected<JsonChoice> read(const Json& schema, const std::string& path);

private:
    Expected<JsonChoice> readKeywords(const Json& schema, const std::string& path);
    Expected<GrammarNode> readNode(const Json& schema, const std::string& path);
    Expected<JsonChoice> readReference(const Json& schema, const std::string& path);
    Expected<JsonChoice> readLiterals(const Json& schema, const std::string& path);
    Expected<JsonChoice> readAlternatives(const Json& schema, const std::string& path, const char* keyword);
    Expected<JsonChoice> readShape(const Json& schema, const std::string& path, JsonKinds kinds);
    Expected<std::int32_t> readObject(const Json& schema, const std::string& path);
    Expected<std::int32_t> readMap(const Json& schema, const std::string& path);
    Expected<void> readProperties(const Json& schema, const std::string& path, JsonObject& object);
    Expected<void> readRequired(const Json& schema, const std::string& path, JsonObject& object);
    Expected<void> leaveOut(const std::string& path);
    Expected<void> leaveOut(const Json& schema, const std::string& path, std::span<const std::string_view> keywords);
    Expected<void> count(const std::string& path, std::size_t values = 1);
    std::string textOf(const Json& value);
    const Json* target(std::string_view reference) const;

    JsonSchemaCompiler& m_to;
    const Json& m_root;
    const bool m_strict;
    std::size_t m_level = 0;
    std::vector<std::string> m_references;  // that are being read
};

Expected<JsonChoice> JsonSchemaCompiler::Walk::read(const Json& schema, const std::string& path) {
    if (auto counted = count(path, 1 + schema.size()); !counted) return counted.error();
    if (schema.is_boolean()) return schema.get<bool>() ? anyChoice() : JsonChoice{};
    if (!schema.is_object()) return notASchema(path, "it is neither an object nor true or false");
    if (m_level == kMostLevels)
        return Error{ErrorCode::InvalidArgument, path + " is nested more than " + std::to_string(kMostLevels) + " levels deep"};
    ++m_level;
    auto choice = readKeywords(schema, path);
    --m_level;
    return choice;
}

Expected<JsonChoice> JsonSchemaCompiler::Walk::readKeywords(const Json& schema, const std::string& path) {
    if (auto left = leaveOut(schema, path, kUnsupported); !left) return left.error();
    const auto kinds = readTypes(schema, path);
    if (!kinds) return kinds.error();
    // The first that is there decides, the others are left out.
    const char* decides = nullptr;
    for (const char* keyword : {"$ref", "enum", "const", "anyOf", "oneOf", "allOf"}) {
        if (!schema.contains(keyword)) continue;
        const std::string_view name = keyword;
        const bool shaped = std::ranges::any_of(kStructure, [&](std::string_view each) { return schema.contains(each); });
        const bool takesIt = decides == nullptr && (name == "enum" || name == "const" || !shaped) && (name != "allOf" || schema["allOf"].size() == 1);
        if (takesIt) {
            decides = keyword;
        } else if (name != "const" || std::string_view(decides) != "enum") {
            if (auto left = leaveOut(path + "." + keyword); !left) return left.error();
        }
    }
    const std::string_view name = decides == nullptr ? "" : decides;
    auto choice = name.empty()                         ? readShape(schema, path, *kinds)
                  : name == "$ref"                     ? readReference(schema, path)
                  : name == "enum" || name == "const"  ? readLiterals(schema, path)
                                                       : readAlternatives(schema, path, decides);
    if (!choice) return choice;
    keepKinds(*choice, *kinds);
    // Literals are not looked into.
    const auto structured = [](const std::string& literal) { return literal[0] == '[' || literal[0] == '{'; };
    if ((name == "enum" || name == "const") && std::ranges::any_of(choice->literals, structured))
        if (auto left = leaveOut(schema, path, kStructure); !left) return left.error();
    return choice;
}

Expected<GrammarNode> JsonSchemaCompiler::Walk::readNode(const Json& schema, const std::string& path) {
    auto choice = read(schema, path);
    if (!choice) return choice.error();
    return m_to.addNode(*std::move(choice));
}

// What a reference means stands in its place again and again; one that leads to itself would never end.
Expected<JsonChoice> JsonSchemaCompiler::Walk::readReference(const Json& schema, const std::string& path) {
    const Json& reference = schema["$ref"];
    if (!reference.is_string()) return notASchema(path, "\"$ref\" is not a string");
    const auto& name = reference.get_ref<const std::string&>();
    m_to.m_textBytes += name.size();
    if (auto counted = count(path); !counted) return counted.error();
    const Json* found = target(name);
    if (found == nullptr || std::ranges::find(m_references, name) != m_references.end()) {
        if (auto left = leaveOut(path + ".$ref"); !left) return left.error();
        return anyChoice();
    }
    m_references.push_back(name);
    auto choice = read(*found, path + ".$ref");
    m_references.pop_back();
    return choice;
}

// "#/$defs/name": a JSON pointer (RFC 6901) into this document. Null: it is elsewhere or nowhere.
const Json* JsonSchemaCompiler::Walk::target(std::string_view reference) const {
    if (!reference.starts_with('#')) return nullptr;
    const Json* at = &m_root;
    reference.remove_prefix(1);
    while (!reference.empty()) {
        if (!reference.starts_with('/') || !at->is_object()) return nullptr;
        reference.remove_prefix(1);
        const std::size_t end = std::min(reference.find('/'), reference.size());
        const auto found = at->find(pointerStep(reference.substr(0, end)));
        at = found == at->end() ? nullptr : &*found;
        reference.remove_prefix(end);
        if (at == nullptr) return nullptr;
    }
    return at;
}

Expected<JsonChoice> JsonSchemaCompiler::Walk::readLiterals(const Json& schema, const std::string& path) {
    const Json* values = keywordOf(schema, "enum");
    const Json* only = keywordOf(schema, "const");
    if (values != nullptr && !values->is_array()) return notASchema(path, "\"enum\" is not a list");
    JsonChoice choice;
    for (std::size_t i = 0; i < (values != nullptr ? values->size() : 1); ++i) {
        const Json& value = values != nullptr ? (*values)[i] : *only;
        if (auto counted = count(path); !counted) return counted.error();
        if (only == nullptr || value == *only) choice.literals.push_back(textOf(value));
    }
    std::ranges::sort(choice.literals);
    choice.literals.erase(std::unique(choice.literals.begin(), choice.literals.end()), choice.literals.end());
    return choice;
}

Expected<JsonChoice> JsonSchemaCompiler::Walk::readAlternatives(const Json& schema, const std::string& path, const char* keyword) {
    const Json& alternatives = schema[keyword];
    const std::string where = path + "." + keyword;
    if (!alternatives.is_array() || alternatives.empty()) return notASchema(path, "\"" + std::string(keyword) + "\" is not a list of schemas");
    const bool oneOnly = std::string_view(keyword) == "oneOf";
    JsonChoice choice;
    bool holds = true;
    for (std::size_t i = 0; i < alternatives.size(); ++i) {
        const auto alternative = read(alternatives[i], where + "[" + std::to_string(i) + "]");
        if (!alternative) return alternative.error();
        const JsonUnion both = unite(choice, *alternative);
        holds = holds && both.exact && (both.disjoint || !oneOnly);
    }
    if (holds) return choice;
    if (auto left = leaveOut(where); !left) return left.error();
    return choice;
}

Expected<JsonChoice> JsonSchemaCompiler::Walk::readShape(const Json& schema, const std::string& path, JsonKinds kinds) {
    JsonChoice choice = anyChoice();
    const bool objects = schema.contains("properties") || schema.contains("required") || schema.contains("additionalProperties");
    const bool arrays = schema.contains("items");
    // Who describes members and does not say that it is an object means it.
    if (!schema.contains("type") && (objects || arrays))
        keepKinds(choice, static_cast<JsonKinds>((objects ? kObjectKind : 0) | (arrays ? kArrayKind : 0)));
    if (objects && (kinds & kObjectKind) != 0) {
        const auto object = readObject(schema, path);
        if (!object) return object.error();
        choice.object = *object;
    }
    if (arrays && (kinds & kArrayKind) != 0) {
        const auto items = readNode(schema["items"], path + ".items");
        if (!items) return items.error();
        choice.items = *items;
    }
    return choice;
}

Expected<std::int32_t> JsonSchemaCompiler::Walk::readObject(const Json& schema, const std::string& path) {
    if (!schema.contains("properties") && !schema.contains("required")) return readMap(schema, path);
    const Json* additional = keywordOf(schema, "additionalProperties");
    if (additional != nullptr && *additional != false)
        if (auto left = leaveOut(path + ".additionalProperties"); !left) return left.error();
    JsonObject object;
    if (auto read = readProperties(schema, path, object); !read) return read.error();
    if (auto read = readRequired(schema, path, object); !read) return read.error();
    std::erase_if(object.properties, [](const JsonProperty& each) { return each.value == kNoValue; });
    std::ranges::sort(object.properties, {}, &JsonProperty::key);
    m_to.m_grammar.objects.push_back(std::move(object));
    return static_cast<std::int32_t>(m_to.m_grammar.objects.size() - 1);
}

// Any keys.
Expected<std::int32_t> JsonSchemaCompiler::Walk::readMap(const Json& schema, const std::string& path) {
    const auto rest = readNode(schema["additionalProperties"], path + ".additionalProperties");
    if (!rest) return rest.error();
    if (*rest == kAnyValue) return 0;
    m_to.m_grammar.objects.push_back({.open = true, .rest = *rest, .properties = {}});
    return static_cast<std::int32_t>(m_to.m_grammar.objects.size() - 1);
}

Expected<void> JsonSchemaCompiler::Walk::readProperties(const Json& schema, const std::string& path, JsonObject& object) {
    const Json* properties = keywordOf(schema, "properties");
    if (properties == nullptr) return {};
    if (!properties->is_object()) return notASchema(path, "\"properties\" is not an object");
    for (const auto& [key, value] : properties->items()) {
        const auto node = readNode(value, path + ".properties." + shown(key));
        if (!node) return node.error();
        object.properties.push_back({.key = textOf(key), .value = *node});
    }
    return {};
}

// Linear in both: marks the properties through an index of their keys.
Expected<void> JsonSchemaCompiler::Walk::readRequired(const Json& schema, const std::string& path, JsonObject& object) {
    const Json* required = keywordOf(schema, "required");
    if (required == nullptr) return {};
    if (!required->is_array()) return notASchema(path, "\"required\" is not a list");
    std::ranges::sort(object.properties, {}, &JsonProperty::key);
    std::vector<std::string> keys;
    for (const Json& name : *required) {
        if (!name.is_string()) return notASchema(path, "\"required\" holds " + shown(base::dumpJson(name)));
        if (auto counted = count(path); !counted) return counted;
        keys.push_back(textOf(name));
    }
    std::ranges::sort(keys);
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    const auto described = static_cast<std::ptrdiff_t>(object.properties.size());
    for (std::string& key : keys) {
        const auto end = object.properties.begin() + described;
        const auto found = std::ranges::lower_bound(object.properties.begin(), end, key, {}, &JsonProperty::key);
        if (found == end || found->key != key) {
            object.properties.push_back({.key = std::move(key), .value = kAnyValue, .required = true});
        } else if (found->value == kNoValue) {
            return Error{ErrorCode::InvalidArgument, path + ".required names " + shown(key) + ", for which no value is valid"};
        } else {
            found->required = true;
        }
    }
    return {};
}

Expected<void> JsonSchemaCompiler::Walk::leaveOut(const std::string& path) {
    if (m_strict) return Error{ErrorCode::Unsupported, path + " is not supported with strict"};
    m_to.m_ignored.push_back(path);
    return {};
}

Expected<void> JsonSchemaCompiler::Walk::leaveOut(const Json& schema, const std::string& path, std::span<const std::string_view> keywords) {
    for (const auto& [key, value] : schema.items()) {
        if (std::ranges::find(keywords, key) == keywords.end()) continue;
        if (auto left = leaveOut(path + "." + key); !left) return left;
    }
    return {};
}

Expected<void> JsonSchemaCompiler::Walk::count(const std::string& path, std::size_t values) {
    m_to.m_values += values;
    const bool tooMany = m_to.m_values > kMostValues;
    if (!tooMany && m_to.m_textBytes <= kMostTextBytes) return {};
    const std::string limit = tooMany ? std::to_string(kMostValues) + " members" : std::to_string(kMostTextBytes) + " bytes of names and values";
    return Error{ErrorCode::InvalidArgument, path + ": the schemas have more than " + limit};
}

std::string JsonSchemaCompiler::Walk::textOf(const Json& value) {
    std::string text = jsonText(value, m_to.m_canSpell);
    m_to.m_textBytes += text.size();
    return text;
}

JsonSchemaCompiler::JsonSchemaCompiler(std::function<bool(std::string_view)> canSpell) : m_canSpell(std::move(canSpell)) {
    m_grammar.objects.push_back({.open = true, .rest = kAnyValue, .properties = {}});
    m_grammar.nodes.push_back(anyChoice());
}

GrammarNode JsonSchemaCompiler::addNode(JsonChoice choice) {
    if (allowsNothing(choice)) return kNoValue;
    if (choice == m_grammar.nodes[kAnyValue]) return kAnyValue;
    m_grammar.nodes.push_back(std::move(choice));
    return static_cast<GrammarNode>(m_grammar.nodes.size() - 1);
}

Expected<GrammarNode> JsonSchemaCompiler::add(const Json& schema, const SchemaSource& source) {
    const auto node = Walk(*this, schema, source.strict).read(schema, source.path);
    if (!node) return node.error();
    if (allowsNothing(*node)) return Error{ErrorCode::InvalidArgument, source.path + " allows no value at all"};
    return addNode(*node);
}

Expected<GrammarNode> JsonSchemaCompiler::addObject(const Json& schema, const SchemaSource& source) {
    auto choice = schema.is_null() ? anyChoice() : Walk(*this, schema, source.strict).read(schema, source.path);
    if (!choice) return choice.error();
    keepKinds(*choice, kObjectKind);
    if (allowsNothing(*choice)) return Error{ErrorCode::InvalidArgument, source.path + " allows no object"};
    return addNode(*std::move(choice));
}

}  // namespace larder::text
