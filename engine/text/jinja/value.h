// The values a template computes with: Python's, as far as chat templates meet them. Collections and strings never
// change once made (the sandbox forbids it); only namespaces and loops do. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/text/jinja/budget.h"
#include "engine/text/jinja/text.h"

namespace larder::text::jinja {

class Interpreter;

enum class Kind : std::uint8_t {
    Missing,  // no value at all: an unset variable, an argument not given
    Undefined, None, Bool, Int, Float, String, List, Tuple, Dict, Range, View, Iterator, Namespace, Callable, Loop,
};

// What a Value points to. depth counts nesting, so that freeing and printing never recurse too far.
struct Object {
    explicit Object(unsigned nesting = 1) : depth(nesting) {}
    virtual ~Object() = default;
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;
    unsigned depth;
};

struct StringObject;
struct ListObject;
struct DictObject;
struct UndefinedObject;

class Value {
public:
    Value() = default;
    Value(Kind kind, std::shared_ptr<Object> object) : m_kind(kind), m_object(std::move(object)) {}
    static Value none() { return Value(Kind::None, nullptr); }
    static Value boolean(bool value);
    static Value integer(std::int64_t value);
    static Value floating(double value);

    Kind kind() const { return m_kind; }
    bool is(Kind kind) const { return m_kind == kind; }
    bool missing() const { return m_kind == Kind::Missing; }
    bool undefined() const { return m_kind == Kind::Undefined; }
    bool isNone() const { return m_kind == Kind::None; }
    bool isString() const { return m_kind == Kind::String; }
    bool isNumber() const { return m_kind == Kind::Bool || m_kind == Kind::Int || m_kind == Kind::Float; }
    bool isIntegral() const { return m_kind == Kind::Bool || m_kind == Kind::Int; }

    // Each REQUIRES the right kind; integer() also takes Bool, number() any number.
    bool boolean() const { return m_bits.integer != 0; }
    std::int64_t integer() const { return m_bits.integer; }
    double number() const { return m_kind == Kind::Float ? m_bits.floating : static_cast<double>(m_bits.integer); }
    const Text& text() const;
    const std::string& bytes() const;
    const StringObject& string() const;
    const std::vector<Value>& items() const;  // List or Tuple
    const DictObject& dict() const;
    const UndefinedObject& undefinedReason() const;
    template <class T>
    T& as() const { return static_cast<T&>(*m_object); }
    const Object* object() const { return m_object.get(); }
    unsigned depth() const { return m_object ? m_object->depth : 0; }

private:
    Kind m_kind = Kind::Missing;
    union {
        std::int64_t integer;
        double floating;
    } m_bits{0};
    std::shared_ptr<Object> m_object;
};

struct StringObject : Object {
    StringObject(Budget* owner, Text content, bool isMarkup);
    ~StringObject() override;
    bool ascii() const;          // byte offsets are code point offsets
    std::size_t length() const;  // code points

    Text text;
    bool markup;  // made by `safe` or `escape`: `+` escapes the other side
    Budget* budget;

private:
    mutable std::size_t m_length = static_cast<std::size_t>(-1);
};

struct ListObject : Object {
    ListObject(Budget& owner, std::vector<Value> values);
    ~ListObject() override;
    std::vector<Value> items;
    bool group = false;  // of groupby: its two items are also .grouper and .list
    Budget& budget;
};

// Insertion order, Python's equality of keys.
struct DictObject : Object {
    using Entry = std::pair<Value, Value>;
    explicit DictObject(Budget& owner) : budget(owner) {}
    ~DictObject() override;
    const Value* find(const Value& key) const;  // nullptr if missing; fails for keys that cannot be hashed
    const Value* find(std::string_view key) const;
    void set(Value key, Value value);           // only while it is being made, and by namespaces

    std::vector<Entry> entries;
    Budget& budget;

private:
    std::multimap<std::size_t, std::size_t> m_index;  // hash -> entry, once there are many; keys cannot make it slow
    std::size_t position(const Value& key) const;
};

// Makers. Those that take a Budget count what they make.
Value makeText(Budget& budget, Text text, bool markup = false);
Value makeString(Budget& budget, std::string bytes, bool trusted);
Value literalString(std::string bytes);  // belongs to the template, not to a rendering; trusted
Value makeList(Budget& budget, std::vector<Value> items);
Value makeTuple(Budget& budget, std::vector<Value> items);
Value makeDict(std::shared_ptr<DictObject> dict);

// Python's names: 'str', 'int', 'NoneType', ...
std::string typeName(const Value& value);

std::size_t hashOf(Budget& budget, const Value& value);  // fails for lists and dicts
bool equal(Budget& budget, const Value& a, const Value& b);
bool truthy(Budget& budget, const Value& value);

}  // namespace larder::text::jinja
