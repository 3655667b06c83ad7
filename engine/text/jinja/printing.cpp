#include "engine/text/jinja/printing.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "engine/base/utf8.h"
#include "engine/text/jinja/objects.h"
#include "engine/text/jinja/unicode.h"

namespace larder::text::jinja {
namespace {

void appendItems(Budget& budget, const std::vector<Value>& items, std::string& out, bool& trusted) {
    bool first = true;
    for (const Value& item : items) {
        if (!first) out += ", ";
        first = false;
        appendRepr(budget, item, out, trusted);
        checkTextBytes(out.size());
    }
}

void appendEntries(Budget& budget, const DictObject& dict, std::string& out, bool& trusted) {
    out += '{';
    bool first = true;
    for (const auto& [key, value] : dict.entries) {
        if (!first) out += ", ";
        first = false;
        appendRepr(budget, key, out, trusted);
        out += ": ";
        appendRepr(budget, value, out, trusted);
        checkTextBytes(out.size());
    }
    out += '}';
}

void appendView(Budget& budget, const ViewObject& view, std::string& out, bool& trusted) {
    out += view.what == ViewOf::Keys ? "dict_keys([" : view.what == ViewOf::Values ? "dict_values([" : "dict_items([";
    bool first = true;
    for (const auto& [key, value] : view.dict.dict().entries) {
        if (!first) out += ", ";
        first = false;
        if (view.what == ViewOf::Items) out += '(';
        if (view.what != ViewOf::Values) appendRepr(budget, key, out, trusted);
        if (view.what == ViewOf::Items) out += ", ";
        if (view.what != ViewOf::Keys) appendRepr(budget, value, out, trusted);
        if (view.what == ViewOf::Items) out += ')';
        checkTextBytes(out.size());
    }
    out += "])";
}

std::string rangeRepr(const RangeObject& range) {
    std::string out = "range(" + std::to_string(range.start) + ", " + std::to_string(range.stop);
    if (range.step != 1) out += ", " + std::to_string(range.step);
    return out + ")";
}

}  // namespace

std::string floatRepr(double number) {
    if (std::isnan(number)) return "nan";
    if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
    std::array<char, 64> buffer;
    // The shortest digits that read back as the same number, as d.ddde+xx.
    const auto result =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::scientific);
    std::string digits;
    int exponent = 0;
    const std::string_view shortest(buffer.data(), static_cast<std::size_t>(result.ptr - buffer.data()));
    const std::size_t mark = shortest.find('e');
    for (const char c : shortest.substr(0, mark)) {
        if (c >= '0' && c <= '9') digits += c;
    }
    const std::size_t exponentAt = mark + (shortest[mark + 1] == '+' ? 2 : 1);
    std::from_chars(shortest.data() + exponentAt, shortest.data() + shortest.size(), exponent);
    std::string out = std::signbit(number) ? "-" : "";
    const int count = static_cast<int>(digits.size());
    if (exponent < -4 || exponent >= 16) {
        out += digits[0];
        if (count > 1) out += "." + digits.substr(1);
        std::array<char, 24> power;
        std::snprintf(power.data(), power.size(), "e%c%02d", exponent < 0 ? '-' : '+', std::abs(exponent));
        return out + power.data();
    }
    if (exponent < 0) return out + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
    if (count <= exponent + 1)
        return out + digits + std::string(static_cast<std::size_t>(exponent + 1 - count), '0') + ".0";
    const auto point = static_cast<std::size_t>(exponent + 1);
    return out + digits.substr(0, point) + "." + digits.substr(point);
}

std::string quotedRepr(std::string_view text) {
    const char quote =
        text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos ? '"' : '\'';
    std::string out(1, quote);
    for (std::size_t at = 0; at < text.size();) {
        const base::CodePoint point = base::decodeUtf8(text, at);
        const char32_t c = point.value;
        if (c == static_cast<char32_t>(quote) || c == '\\') {
            out += '\\';
            out += static_cast<char>(c);
        } else if (c == '\n' || c == '\r' || c == '\t') {
            out += c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
        } else if (c < 0x80 ? c < 0x20 || c == 0x7f : !isPrintable(c)) {
            std::array<char, 16> escape;
            const char* format = c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x";
            std::snprintf(escape.data(), escape.size(), format, static_cast<unsigned>(c));
            out += escape.data();
        } else {
            out.append(text, at, point.bytes);
        }
        at += point.bytes;
    }
    return out + quote;
}

std::string shownName(std::string_view name) {
    constexpr std::size_t kMostBytes = 100;
    if (name.size() <= kMostBytes) return quotedRepr(name);
    const std::string_view front = name.substr(0, kMostBytes);
    return quotedRepr(front.substr(0, front.size() - base::incompleteUtf8Suffix(front))) + "...";
}

void appendRepr(Budget& budget, const Value& value, std::string& out, bool& trusted) {
    budget.steps(1);
    const Level level(budget);
    switch (value.kind()) {
        case Kind::Missing:
        case Kind::Undefined: out += "Undefined"; return;
        case Kind::None: out += "None"; return;
        case Kind::Bool: out += value.boolean() ? "True" : "False"; return;
        case Kind::Int: out += std::to_string(value.integer()); return;
        case Kind::Float: out += floatRepr(value.number()); return;
        case Kind::String:
            budget.characters(value.bytes().size());
            if (!value.text().trusted()) trusted = false;
            if (value.string().markup) out += "Markup(";
            out += quotedRepr(value.bytes());
            if (value.string().markup) out += ')';
            return;
        case Kind::List:
            out += '[';
            appendItems(budget, value.items(), out, trusted);
            out += ']';
            return;
        case Kind::Tuple:
            out += '(';
            appendItems(budget, value.items(), out, trusted);
            out += value.items().size() == 1 ? ",)" : ")";
            return;
        case Kind::Dict: appendEntries(budget, value.dict(), out, trusted); return;
        case Kind::Range: out += rangeRepr(value.as<RangeObject>()); return;
        case Kind::View: appendView(budget, value.as<ViewObject>(), out, trusted); return;
        case Kind::Namespace:
            out += "<Namespace ";
            appendEntries(budget, *value.as<NamespaceObject>().attributes, out, trusted);
            out += '>';
            return;
        case Kind::Callable: out += value.as<CallableObject>().repr(); return;
        case Kind::Iterator:
        case Kind::Loop: out += "<" + typeName(value) + " object>"; return;
    }
}

std::string repr(Budget& budget, const Value& value) {
    std::string out;
    bool trusted = true;
    appendRepr(budget, value, out, trusted);
    return out;
}

Text toText(Budget& budget, const Value& value) {
    if (value.isString()) {
        budget.bytes(value.bytes().size());
        return value.text();
    }
    if (value.undefined() || value.missing()) return {};
    std::string out;
    bool trusted = true;
    appendRepr(budget, value, out, trusted);
    return Text(std::move(out), trusted);
}

Value toString(Budget& budget, const Value& value) {
    if (value.isString() && !value.string().markup) return value;
    return makeText(budget, toText(budget, value));
}

Text escaped(Budget& budget, const Text& text) {
    budget.characters(text.size());
    Text out;
    std::size_t copied = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char* entity = nullptr;
        switch (text.bytes()[i]) {
            case '&': entity = "&amp;"; break;
            case '<': entity = "&lt;"; break;
            case '>': entity = "&gt;"; break;
            case '\'': entity = "&#39;"; break;
            case '"': entity = "&#34;"; break;
            default: continue;
        }
        out.append(text, copied, i);
        out.append(entity, text.slice(i, i + 1).trusted());
        copied = i + 1;
        checkTextBytes(out.size());
    }
    out.append(text, copied, text.size());
    return out;
}

}  // namespace larder::text::jinja
