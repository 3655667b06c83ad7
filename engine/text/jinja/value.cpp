#include "engine/text/jinja/value.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "engine/base/utf8.h"
#include "engine/text/jinja/objects.h"

namespace larder::text::jinja {
namespace {

constexpr std::size_t kIndexedFrom = 9;  // fewer entries are found faster by looking at each
constexpr std::size_t kEntryBytes = 2 * sizeof(Value) + 48;  // with its place in the index

unsigned deepest(const std::vector<Value>& values) {
    unsigned depth = 0;
    for (const Value& value : values) depth = std::max(depth, value.depth());
    return depth;
}

unsigned nestedIn(unsigned depth) {
    if (depth >= kMaxNesting) fail("values are nested too deeply (over " + std::to_string(kMaxNesting) + " levels)");
    return depth + 1;
}

// Equal numbers hash alike, whatever their kind.
std::size_t hashOfNumber(const Value& value) {
    if (value.is(Kind::Float)) {
        const double number = value.number();
        if (number != std::floor(number) || std::fabs(number) > 9e15) return std::hash<double>()(number);
        return std::hash<std::int64_t>()(static_cast<std::int64_t>(number));
    }
    return std::hash<std::int64_t>()(value.integer());
}

// Equality of what may be a key: never recurses further than a tuple's nesting.
bool keysEqual(Budget& budget, const Value& a, const Value& b) {
    budget.steps(1);
    if (a.isString() && b.isString()) {
        if (a.bytes().size() == b.bytes().size()) budget.bytes(a.bytes().size());
        return a.bytes() == b.bytes();
    }
    if (a.is(Kind::Tuple) && b.is(Kind::Tuple)) {
        return std::equal(a.items().begin(), a.items().end(), b.items().begin(), b.items().end(),
                          [&](const Value& left, const Value& right) { return keysEqual(budget, left, right); });
    }
    if (a.isNumber() && b.isNumber()) {
        if (a.isIntegral() && b.isIntegral()) return a.integer() == b.integer();
        return a.number() == b.number();
    }
    if (a.kind() != b.kind()) return false;
    return a.isNone() || a.undefined() || (a.object() == b.object() && !a.isString() && !a.isNumber());
}

std::size_t keyHash(Budget& budget, const Value& value) {
    budget.steps(1);
    switch (value.kind()) {
        case Kind::String:
            budget.bytes(value.bytes().size());
            return std::hash<std::string>()(value.bytes());
        case Kind::Bool:
        case Kind::Int:
        case Kind::Float: return hashOfNumber(value);
        case Kind::None: return 0x9e37;
        case Kind::Undefined: return 0x79b9;
        case Kind::Tuple: {
            std::size_t hash = 0x345678;
            for (const Value& item : value.items()) hash = hash * 1000003 + keyHash(budget, item);
            return hash;
        }
        case Kind::List:
        case Kind::Dict: fail("unhashable type: '" + typeName(value) + "'");
        default: return std::hash<const void*>()(value.object());
    }
}

bool sameItems(Budget& budget, const std::vector<Value>& a, const std::vector<Value>& b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (!equal(budget, a[i], b[i])) return false;
    }
    return true;
}

bool sameEntries(Budget& budget, const DictObject& a, const DictObject& b) {
    if (a.entries.size() != b.entries.size()) return false;
    for (const auto& [key, value] : a.entries) {
        const Value* other = b.find(key);
        if (other == nullptr || !equal(budget, value, *other)) return false;
    }
    return true;
}

}  // namespace

Value Value::boolean(bool value) {
    Value out(Kind::Bool, nullptr);
    out.m_bits.integer = value ? 1 : 0;
    return out;
}

Value Value::integer(std::int64_t value) {
    Value out(Kind::Int, nullptr);
    out.m_bits.integer = value;
    return out;
}

Value Value::floating(double value) {
    Value out(Kind::Float, nullptr);
    out.m_bits.floating = value;
    return out;
}

const StringObject& Value::string() const {
    assert(isString());
    return static_cast<const StringObject&>(*m_object);
}

const Text& Value::text() const { return string().text; }
const std::string& Value::bytes() const { return string().text.bytes(); }

const std::vector<Value>& Value::items() const {
    assert(is(Kind::List) || is(Kind::Tuple));
    return static_cast<const ListObject&>(*m_object).items;
}

const DictObject& Value::dict() const {
    assert(is(Kind::Dict));
    return static_cast<const DictObject&>(*m_object);
}

const UndefinedObject& Value::undefinedReason() const {
    assert(undefined());
    return static_cast<const UndefinedObject&>(*m_object);
}

StringObject::StringObject(Budget* owner, Text content, bool isMarkup)
    : text(std::move(content)), markup(isMarkup), budget(owner) {
    checkTextBytes(text.size());
    if (budget != nullptr) budget->hold(sizeof(StringObject) + text.heldBytes());
}

StringObject::~StringObject() {
    if (budget != nullptr) budget->release(sizeof(StringObject) + text.heldBytes());
}

std::size_t StringObject::length() const {
    if (m_length == static_cast<std::size_t>(-1)) {
        m_length = static_cast<std::size_t>(std::count_if(text.bytes().begin(), text.bytes().end(), [](char byte) {
            return (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
        }));
    }
    return m_length;
}

bool StringObject::ascii() const { return length() == text.size(); }

ListObject::ListObject(Budget& owner, std::vector<Value> values)
    : Object(nestedIn(deepest(values))), items(std::move(values)), budget(owner) {
    budget.hold(sizeof(ListObject) + items.size() * sizeof(Value));
}

ListObject::~ListObject() { budget.release(sizeof(ListObject) + items.size() * sizeof(Value)); }

DictObject::~DictObject() { budget.release(entries.size() * kEntryBytes); }

std::size_t DictObject::position(const Value& key) const {
    if (entries.size() < kIndexedFrom) {
        keyHash(budget, key);  // refuses what cannot be a key
        for (std::size_t i = 0; i < entries.size(); ++i) {
            if (keysEqual(budget, entries[i].first, key)) return i;
        }
        return entries.size();
    }
    const auto [first, last] = m_index.equal_range(keyHash(budget, key));
    for (auto it = first; it != last; ++it) {
        if (keysEqual(budget, entries[it->second].first, key)) return it->second;
    }
    return entries.size();
}

const Value* DictObject::find(const Value& key) const {
    const std::size_t at = position(key);
    return at < entries.size() ? &entries[at].second : nullptr;
}

const Value* DictObject::find(std::string_view key) const {
    if (entries.size() >= kIndexedFrom) {
        const auto [first, last] = m_index.equal_range(std::hash<std::string_view>()(key));
        for (auto it = first; it != last; ++it) {
            const Entry& entry = entries[it->second];
            if (entry.first.isString() && entry.first.bytes() == key) return &entry.second;
        }
        return nullptr;
    }
    for (const Entry& entry : entries) {
        if (entry.first.isString() && entry.first.bytes() == key) return &entry.second;
    }
    return nullptr;
}

void DictObject::set(Value key, Value value) {
    depth = std::max(depth, nestedIn(std::max(key.depth(), value.depth())));
    const std::size_t at = position(key);
    if (at < entries.size()) {
        entries[at].second = std::move(value);
        return;
    }
    budget.hold(kEntryBytes);
    entries.emplace_back(std::move(key), std::move(value));
    if (entries.size() == kIndexedFrom) {
        for (std::size_t i = 0; i < entries.size(); ++i) m_index.emplace(keyHash(budget, entries[i].first), i);
    } else if (entries.size() > kIndexedFrom) {
        m_index.emplace(keyHash(budget, entries.back().first), entries.size() - 1);
    }
}

Value makeText(Budget& budget, Text text, bool markup) {
    budget.bytes(text.size());
    return Value(Kind::String, std::make_shared<StringObject>(&budget, std::move(text), markup));
}

Value makeString(Budget& budget, std::string bytes, bool trusted) {
    return makeText(budget, Text(std::move(bytes), trusted));
}

Value literalString(std::string bytes) {
    auto object = std::make_shared<StringObject>(nullptr, Text(std::move(bytes), true), false);
    object->length();  // remembered now, because renderings on several threads share literals
    return Value(Kind::String, std::move(object));
}

Value makeList(Budget& budget, std::vector<Value> items) {
    budget.steps(1 + items.size() / 16);
    return Value(Kind::List, std::make_shared<ListObject>(budget, std::move(items)));
}

Value makeTuple(Budget& budget, std::vector<Value> items) {
    budget.steps(1 + items.size() / 16);
    return Value(Kind::Tuple, std::make_shared<ListObject>(budget, std::move(items)));
}

Value makeDict(std::shared_ptr<DictObject> dict) { return Value(Kind::Dict, std::move(dict)); }

Value makeUndefined(std::string message) {
    constexpr std::size_t kMostBytes = 300;
    if (message.size() > kMostBytes) {
        message.resize(kMostBytes);
        message.resize(kMostBytes - base::incompleteUtf8Suffix(message));
        message.append("...").shrink_to_fit();  // nobody counts these bytes
    }
    auto object = std::make_shared<UndefinedObject>();
    object->message = std::move(message);
    return Value(Kind::Undefined, std::move(object));
}

Value makeIterator(IteratorObject::Next next, unsigned depth, std::string type) {
    auto object = std::make_shared<IteratorObject>();
    object->depth = nestedIn(depth);
    object->next = std::move(next);
    object->type = std::move(type);
    return Value(Kind::Iterator, std::move(object));
}

std::string typeName(const Value& value) {
    switch (value.kind()) {
        case Kind::Missing:
        case Kind::Undefined: return "Undefined";
        case Kind::None: return "NoneType";
        case Kind::Bool: return "bool";
        case Kind::Int: return "int";
        case Kind::Float: return "float";
        case Kind::String: return value.string().markup ? "Markup" : "str";
        case Kind::List: return "list";
        case Kind::Tuple: return "tuple";
        case Kind::Dict: return "dict";
        case Kind::Range: return "range";
        case Kind::View: {
            const ViewOf what = value.as<ViewObject>().what;
            return what == ViewOf::Keys ? "dict_keys" : what == ViewOf::Values ? "dict_values" : "dict_items";
        }
        case Kind::Iterator: return value.as<IteratorObject>().type;
        case Kind::Namespace: return "Namespace";
        case Kind::Callable: return std::string(value.as<CallableObject>().typeName());
        case Kind::Loop: return "LoopContext";
    }
    return "object";
}

std::size_t hashOf(Budget& budget, const Value& value) {
    return keyHash(budget, value);
}

bool equal(Budget& budget, const Value& a, const Value& b) {
    budget.steps(1);
    const Level level(budget);
    if (a.kind() == b.kind()) {
        switch (a.kind()) {
            case Kind::List:
            case Kind::Tuple: return sameItems(budget, a.items(), b.items());
            case Kind::Dict: return sameEntries(budget, a.dict(), b.dict());
            case Kind::Range: {
                const auto& left = a.as<RangeObject>();
                const auto& right = b.as<RangeObject>();
                return left.length == right.length &&
                       (left.length == 0 ||
                        (left.start == right.start && (left.length == 1 || left.step == right.step)));
            }
            default: break;
        }
    }
    return keysEqual(budget, a, b);
}

bool truthy(Budget& budget, const Value& value) {
    budget.steps(1);
    switch (value.kind()) {
        case Kind::Missing:
        case Kind::Undefined:
        case Kind::None: return false;
        case Kind::Bool:
        case Kind::Int: return value.integer() != 0;
        case Kind::Float: return value.number() != 0.0;
        case Kind::String: return !value.bytes().empty();
        case Kind::List:
        case Kind::Tuple: return !value.items().empty();
        case Kind::Dict: return !value.dict().entries.empty();
        case Kind::Range: return value.as<RangeObject>().length != 0;
        case Kind::View: return !value.as<ViewObject>().dict.dict().entries.empty();
        case Kind::Iterator:
        case Kind::Namespace:
        case Kind::Callable:
        case Kind::Loop: return true;
    }
    return true;
}

}  // namespace larder::text::jinja
