#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/utf8.h"
#include "engine/text/jinja/functions.h"
#include "engine/text/jinja/interpreter.h"
#include "engine/text/jinja/methods.h"
#include "engine/text/jinja/operators.h"
#include "engine/text/jinja/printing.h"

namespace larder::text::jinja {
namespace {

struct JsonStyle {
    bool asciiOnly = false, sortKeys = false;
    bool trusted = true;  // whether indent and separators are
    std::optional<std::string> indent;
    std::string itemSeparator = ", ", keySeparator = ": ";
};

class JsonWriter {
public:
    JsonWriter(Budget& budget, JsonStyle style)
        : m_budget(budget), m_style(std::move(style)), m_trusted(m_style.trusted) {}

    Text run(const Value& value) {
        write(value, 1);
        return Text(std::move(m_out), m_trusted);
    }

private:
    void write(const Value& value, int depth) {
        m_budget.steps(1);
        const Level level(m_budget);
        switch (value.kind()) {
            case Kind::None: m_out += "null"; break;
            case Kind::Bool: m_out += value.boolean() ? "true" : "false"; break;
            case Kind::Int: m_out += std::to_string(value.integer()); break;
            case Kind::Float: m_out += number(value.number()); break;
            case Kind::String: string(value); break;
            case Kind::List:
            case Kind::Tuple: list(value.items(), depth); break;
            case Kind::Dict: dict(value.dict(), depth); break;
            default: fail("Object of type " + typeName(value) + " is not JSON serializable");
        }
        checkTextBytes(m_out.size());
    }

    static std::string number(double value) {
        if (std::isnan(value)) return "NaN";
        if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
        return floatRepr(value);
    }

    void newLine(int depth) {
        if (!m_style.indent) return;
        const std::size_t margin = m_style.indent->size() * static_cast<std::size_t>(depth);
        checkTextBytes(m_out.size() + margin);
        m_budget.bytes(margin);
        m_out += '\n';
        for (int i = 0; i < depth; ++i) m_out += *m_style.indent;
    }

    void separate(const std::string& separator) {
        checkTextBytes(m_out.size() + separator.size());
        m_budget.bytes(separator.size());
        m_out += separator;
    }

    void list(const std::vector<Value>& items, int depth) {
        m_out += '[';
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (i > 0) separate(m_style.itemSeparator);
            newLine(depth);
            write(items[i], depth + 1);
        }
        if (!items.empty()) newLine(depth - 1);
        m_out += ']';
    }

    void dict(const DictObject& dict, int depth) {
        std::vector<const DictObject::Entry*> entries;
        for (const auto& entry : dict.entries) entries.push_back(&entry);
        if (m_style.sortKeys) {
            std::stable_sort(entries.begin(), entries.end(),
                             [&](const auto* a, const auto* b) { return less(m_budget, a->first, b->first); });
        }
        m_out += '{';
        for (std::size_t i = 0; i < entries.size(); ++i) {
            if (i > 0) separate(m_style.itemSeparator);
            newLine(depth);
            key(entries[i]->first);
            separate(m_style.keySeparator);
            write(entries[i]->second, depth + 1);
        }
        if (!entries.empty()) newLine(depth - 1);
        m_out += '}';
    }

    void key(const Value& value) {
        switch (value.kind()) {
            case Kind::String: string(value); return;
            case Kind::None: m_out += "\"null\""; return;
            case Kind::Bool: m_out += value.boolean() ? "\"true\"" : "\"false\""; return;
            case Kind::Int: m_out += '"' + std::to_string(value.integer()) + '"'; return;
            case Kind::Float: m_out += '"' + number(value.number()) + '"'; return;
            default: fail("keys must be str, int, float, bool or None, not " + typeName(value));
        }
    }

    void string(const Value& value) {
        if (!value.text().trusted()) m_trusted = false;
        const std::string& bytes = value.bytes();
        m_budget.characters(bytes.size());
        m_out += '"';
        for (std::size_t at = 0; at < bytes.size();) {
            const base::CodePoint point = base::decodeUtf8(bytes, at);
            character(point.value, std::string_view(bytes).substr(at, point.bytes));
            at += point.bytes;
        }
        m_out += '"';
    }

    void character(char32_t c, std::string_view bytes) {
        switch (c) {
            case '"': m_out += "\\\""; return;
            case '\\': m_out += "\\\\"; return;
            case '\n': m_out += "\\n"; return;
            case '\r': m_out += "\\r"; return;
            case '\t': m_out += "\\t"; return;
            case '\b': m_out += "\\b"; return;
            case '\f': m_out += "\\f"; return;
            default: break;
        }
        if (c >= 0x20 && (c < 0x7f || !m_style.asciiOnly)) {
            m_out += bytes;
        } else if (c < 0x10000) {
            escape(c);
        } else {
            escape(0xd800 + ((c - 0x10000) >> 10));
            escape(0xdc00 + ((c - 0x10000) & 0x3ff));
        }
    }

    void escape(char32_t unit) {
        std::array<char, 16> out;
        std::snprintf(out.data(), out.size(), "\\u%04x", static_cast<unsigned>(unit));
        m_out += out.data();
    }

    Budget& m_budget;
    JsonStyle m_style;
    bool m_trusted;
    std::string m_out;
};

}  // namespace

Value toJson(Interpreter& interpreter, const Value& input, Arguments& arguments) {
    const auto given = bind("tojson", arguments, {"ensure_ascii", "indent", "separators", "sort_keys"});
    Budget& budget = interpreter.budget();
    JsonStyle style;
    style.asciiOnly = !given[0].missing() && truthy(budget, given[0]);
    style.sortKeys = !given[3].missing() && truthy(budget, given[3]);
    if (!given[1].missing() && !given[1].isNone()) {
        if (given[1].isString()) {
            style.indent = given[1].bytes();
            style.trusted = given[1].text().trusted();
        } else {
            const auto width = std::clamp<std::int64_t>(integerArgument(given[1]), 0, 1000);
            style.indent = std::string(static_cast<std::size_t>(width), ' ');
        }
        style.itemSeparator = ",";
    }
    if (!given[2].missing() && !given[2].isNone()) {
        const std::vector<Value> pair = collect(interpreter, given[2]);
        if (pair.size() != 2) fail("tojson() wants two separators");
        style.itemSeparator = textArgument("tojson() separators", pair[0]).bytes();
        style.keySeparator = textArgument("tojson() separators", pair[1]).bytes();
        style.trusted = style.trusted && pair[0].text().trusted() && pair[1].text().trusted();
    }
    return makeText(budget, JsonWriter(budget, std::move(style)).run(input));
}

}  // namespace larder::text::jinja
