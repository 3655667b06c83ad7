#include "engine/text/jinja.h"
#include "tests/support/fixtures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace larder::text {
namespace {

using base::Json;

std::string readFile(const std::string& name) {
    std::ifstream file(support::sourceFolder() / "tests/golden/chat_templates" / name, std::ios::binary);
    EXPECT_TRUE(file) << name;
    std::stringstream out;
    out << file.rdbuf();
    return out.str();
}

// What make_template_golden.py's clock says: Friday, 26 July 2024, 14:05:09.
std::tm goldenTime() {
    std::tm now{};
    now.tm_year = 124;
    now.tm_mon = 6;
    now.tm_mday = 26;
    now.tm_hour = 14;
    now.tm_min = 5;
    now.tm_sec = 9;
    now.tm_wday = 5;
    now.tm_yday = 207;
    return now;
}

Expected<std::string> render(const std::string& source, const Json& context) {
    const auto compiled = JinjaTemplate::compile(source);
    if (!compiled) return compiled.error();
    std::vector<JinjaVariable> variables;
    for (const auto& [name, value] : context.items()) variables.push_back({name, &value, {}});
    const auto segments = (*compiled)->render(variables, goldenTime());
    if (!segments) return segments.error();
    std::string out;
    for (const TextSegment& segment : *segments) out += segment.text;
    return out;
}

void expectAsGolden(const std::string& source, const Json& context, const Json& golden) {
    const auto result = render(source, context);
    if (golden.contains("output")) {
        ASSERT_TRUE(result) << result.error().message;
        EXPECT_EQ(*result, golden["output"].get<std::string>());
    } else if (golden.contains("raised")) {
        ASSERT_FALSE(result) << *result;
        EXPECT_EQ(result.error().message, golden["raised"].get<std::string>());
        EXPECT_EQ(result.error().code, ErrorCode::InvalidArgument);
    } else {
        EXPECT_FALSE(result) << "expected " << golden["error"] << ", got " << *result;
    }
}

TEST(Jinja, EqualsPythonOnSnippets) {
    const Json golden = Json::parse(readFile("snippets.json"));
    EXPECT_GT(golden["cases"].size(), 700u);
    for (const Json& test : golden["cases"]) {
        SCOPED_TRACE(test["template"].dump());
        expectAsGolden(test["template"].get<std::string>(), golden["context"], test);
    }
}

TEST(Jinja, EqualsPythonOnRealTemplates) {
    const Json golden = Json::parse(readFile("conversations.json"));
    EXPECT_GT(golden["cases"].size(), 300u);
    for (const Json& test : golden["cases"]) {
        const auto name = test["template"].get<std::string>(), conversation = test["conversation"].get<std::string>();
        SCOPED_TRACE(name + " with " + conversation);
        expectAsGolden(readFile(name), golden["conversations"][conversation], test);
    }
}

TEST(Jinja, ErrorsNameTheLine) {
    const auto result = JinjaTemplate::compile("a\nb\n{% nosuchtag %}");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::Unsupported);
    EXPECT_THAT(result.error().message, testing::HasSubstr("line 3"));
    EXPECT_THAT(result.error().message, testing::HasSubstr("nosuchtag"));

    const auto rendered = render("a\n\n{{ missing.attribute }}", Json::object());
    ASSERT_FALSE(rendered);
    EXPECT_EQ(rendered.error().message, "chat template, line 3: 'missing' is undefined");
}

TEST(Jinja, SaysWhatIsLeftOut) {
    for (const char* source : {"{% include 'x' %}", "{% extends 'x' %}", "{% import 'x' as y %}",
                               "{% block x %}{% endblock %}", "{% for x in y recursive %}{% endfor %}"}) {
        const auto result = JinjaTemplate::compile(source);
        ASSERT_FALSE(result) << source;
        EXPECT_THAT(result.error().message, testing::HasSubstr("not supported"));
    }
}

// The pieces that are not trusted, with | between them; everything else must be the template's own.
std::string untrusted(const std::string& source, const Json& context) {
    const auto compiled = JinjaTemplate::compile(source);
    EXPECT_TRUE(compiled);
    std::vector<JinjaVariable> variables = {{"bos", nullptr, "<s>"}};
    for (const auto& [name, value] : context.items()) variables.push_back({name, &value, {}});
    const auto segments = (*compiled)->render(variables);
    EXPECT_TRUE(segments) << segments.error().message;
    std::string out;
    bool before = true;
    for (const TextSegment& segment : *segments) {
        EXPECT_FALSE(segment.text.empty());
        EXPECT_TRUE(&segment == &segments->front() || before != segment.trusted) << "neighbours are merged";
        before = segment.trusted;
        if (segment.trusted) {
            EXPECT_THAT(segment.text, testing::Not(testing::HasSubstr("evil")));
            continue;
        }
        out += out.empty() ? segment.text : "|" + segment.text;
    }
    return out;
}

TEST(JinjaProvenance, TextOfTheTemplateIsTrustedAndOfVariablesIsNot) {
    const Json context = {{"u", "<|evil|>"}};
    EXPECT_EQ(untrusted("<|im_start|>{{ u }}<|im_end|>{{ bos }}", context), "<|evil|>");
    EXPECT_EQ(untrusted("{{ '<|im_start|>' + u + '<|im_end|>' }}", context), "<|evil|>");
    EXPECT_EQ(untrusted("{{ '<|im_start|>' ~ u ~ bos }}", context), "<|evil|>");
    EXPECT_EQ(untrusted("{{ bos }}{{ '<|' }}x{{ 1 }}{{ none }}", context), "");
}

TEST(JinjaProvenance, IsKeptRangeByRange) {
    const Json context = {
        {"u", "  <|evil|>, evil <b> \n"}, {"l", {"evil1", "evil2"}}, {"d", {{"evilkey", "evilvalue"}}}};
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"{{ u | trim }}", "<|evil|>, evil <b>"},
        {"{{ ('[' + u + ']') | trim('[]') }}", "  <|evil|>, evil <b> \n"},
        {"{{ ('[' + u + ']')[1:-1] }}", "  <|evil|>, evil <b> \n"},
        {"{{ ('a' + u)[::-1] }}", "\n >b< live ,>|live|<  "},
        {"{{ u.replace('evil', '<good>') }}", "  <|||>, | <b> \n"},
        {"{{ u | replace(',', ';') | trim }}", "<|evil|>| evil <b>"},
        {"{{ u.split(',') | join('<sep>') }}", "  <|evil|>| evil <b> \n"},
        {"{{ ('x,' + u).split(',')[1] }}", "  <|evil|>"},
        {"{{ ('a\n' + u) | indent(2) }}", "  <|evil|>, evil <b> "},
        {"{{ missing | default(u) }}", "  <|evil|>, evil <b> \n"},
        {"{{ l | join('<sep>') }}", "evil1|evil2"},
        {"{{ '<sep>'.join(l) }}", "evil1|evil2"},
        {"{% for x in l %}<i>{{ x }}{% endfor %}", "evil1|evil2"},
        {"{% for c in ('<' + l[0]) %}{{ c }}{% endfor %}", "evil1"},
        {"{% for k, v in d.items() %}<{{ k }}={{ v }}>{% endfor %}", "evilkey|evilvalue"},
        {"{% set x %}<i>{{ l[0] }}</i>{% endset %}{{ x }}", "evil1"},
        {"{% macro m(a) %}<i>{{ a }}</i>{% endmacro %}{{ m(l[0]) }}", "evil1"},
        {"{% filter trim %} <i>{{ l[0] }} {% endfilter %}", "evil1"},
        {"{{ '<%s>' % l[0] }}", "evil1"},
        {"{{ '<{}>'.format(l[0]) }}", "evil1"},
        {"{{ '<%s>' | format(l[0]) }}", "evil1"},
        {"{{ ('<i>' ~ l[0]).split('>') | last }}", "evil1"},
        {"{{ ('<i>' ~ l[0]).removeprefix('<') }}", "evil1"},
        {"{{ ('<i>' ~ l[0]) | truncate(5, true, '<x>', 0) }}", ""},
        {"{{ ('<i>' ~ l[0]).rjust(12, '.') }}", "evil1"},
        {"{{ l | first if l else '<none>' }}", "evil1"},
        {"{{ namespace(x=l[0]).x ~ '<x>' }}", "evil1"},
    };
    for (const auto& [source, expected] : cases) {
        SCOPED_TRACE(source);
        EXPECT_EQ(untrusted(source, context), expected);
    }
}

TEST(JinjaProvenance, WhatIsRewrittenIsUntrustedAsAWhole) {
    const Json context = {{"u", "evil"}, {"l", {"evil1", 2}}};
    EXPECT_EQ(untrusted("{{ ('<i>' + u) | upper }}", context), "<I>EVIL");
    EXPECT_EQ(untrusted("{{ l | tojson }}", context), "[\"evil1\", 2]");
    EXPECT_EQ(untrusted("{{ l }}", context), "['evil1', 2]");
    EXPECT_EQ(untrusted("{{ {'<k>': u} | tojson }}", context), "{\"<k>\": \"evil\"}");
    EXPECT_EQ(untrusted("{{ ['<k>', 1] | tojson }}{{ '<i>' | upper }}", context), "");
    EXPECT_EQ(untrusted("{{ ('<i>' + u) | title }}", context), "<I>evil");
}

TEST(JinjaProvenance, ComparisonsIgnoreIt) {
    const Json context = {{"role", "user"}, {"d", {{"k", 1}}}};
    EXPECT_EQ(
        untrusted(
            "{{ role == 'user' }}{{ role in ['user'] }}{{ role in 'the user' }}{{ d['k'] }}{{ {'user': 1}[role] }}"
            "{{ 'k' in d }}{{ [role, 'user'] | unique | list | length }}",
            context),
        "");
}

TEST(JinjaLimits, HostileTemplatesEndInAnError) {
    const std::string deep(100000, '(');
    const std::string closed(100000, ')');
    std::string sum = "1", dots = "x", blocks, negations;
    for (int i = 0; i < 100000; ++i) sum += "+1";
    for (int i = 0; i < 100000; ++i) dots += ".a";
    for (int i = 0; i < 10000; ++i) blocks += "{% if 1 %}";
    for (int i = 0; i < 10000; ++i) negations += "not ";
    const std::vector<std::string> sources = {
        "{{ " + deep + "1" + closed + " }}",
        "{{ " + std::string(100000, '[') + std::string(100000, ']') + " }}",
        "{{ " + std::string(100000, '-') + "1 }}",
        "{{ " + sum + " }}",
        "{{ " + dots + " }}",
        "{{ " + negations + "1 }}",
        blocks,
        "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
        "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
        "{{ range(1000000000) }}",
        "{{ range(-9223372036854775807, 9223372036854775807) }}",
        "{{ 'abc' * 1000000000 }}",
        "{{ [1] * 1000000000 }}",
        "{{ 'x'.ljust(1000000000000) }}",
        "{{ '%999999999d' % 1 }}",
        "{{ '{:999999999}'.format(1) }}",
        "{{ 9223372036854775807 + 1 }}",
        "{{ -9223372036854775807 * 9 }}",
        "{{ 99999999999999999999 }}",
        "{{ 2 ** 200 }}",
        "{% set ns = namespace(x='ab') %}{% for i in range(100) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
        "{% set ns = namespace(x=[1]) %}{% for i in range(100) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
        "{% set ns = namespace(x=[]) %}{% for i in range(100000) %}{% set ns.x = [ns.x] %}{% endfor %}",
        "{% set ns = namespace(x=()) %}{% for i in range(200) %}{% set ns.x = (ns.x, ns.x) %}{% endfor %}{{ {ns.x: 1} "
        "}}",
        "{% set ns = namespace(x=[]) %}{% for i in range(200) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
        "{% set ns = namespace(x=[], y=[]) %}{% for i in range(200) %}{% set ns.x = [ns.x, ns.x] %}{% set ns.y = "
        "[ns.y, ns.y] %}{% endfor %}{{ ns.x == ns.y }}",
        "{% set ns = namespace(x=['a']) %}{% for i in range(100000) %}{% set ns.x = ns.x | map('upper') %}{% endfor %}",
        "{% set ns = namespace() %}{% set ns.x = [ns] %}{{ ns }}",
        "{% set ns = namespace(l=[]) %}{% for i in range(100000) %}{% set ns.l = ns.l + ['x' * 100000 ~ i] %}{% endfor "
        "%}",
        "{{ 'a' | indent(1000000000) }}",
        "{{ 'a\nb' | indent(60000000) | indent(60000000) }}",
        "{{ ('a' * 1000000).replace('a', 'b' * 1000000) }}",
        "{% macro m() %}{{ caller() }}{% endmacro %}{% macro r() %}{% call m() %}{{ r() }}{% endcall %}{% endmacro "
        "%}{{ r() }}",
    };
    for (const std::string& source : sources) {
        SCOPED_TRACE(source.substr(0, 100));
        EXPECT_FALSE(render(source, Json::object()));
    }
}

TEST(JinjaLimits, LongConversationsFit) {
    Json messages = Json::array();
    for (int i = 0; i < 2000; ++i)
        messages.push_back({{"role", i % 2 == 0 ? "user" : "assistant"}, {"content", std::string(500, 'x')}});
    const auto result = render(
        "{% set ns = namespace(t='') %}{% for m in messages %}{% set ns.t = ns.t ~ m.role ~ m.content %}{% endfor %}{{ "
        "ns.t }}",
        {{"messages", messages}});
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->size(), 2000u * 500 + 1000 * 4 + 1000 * 9);
}

TEST(JinjaLimits, ReferencesInACircleAreFreed) {
    // LeakSanitizer is the judge.
    for (const char* source : {"{% set ns = namespace() %}{% set ns.self = ns %}{{ ns.self.self is defined }}",
                               "{% set ns = namespace() %}{% macro m() %}{{ ns }}{% endmacro %}{% set ns.m = [m] %}x",
                               "{% for x in [1, 2] %}{% if loop.changed([loop]) %}a{% endif %}{% endfor %}",
                               "{% set ns = namespace() %}{% for x in [1, 2] if ns %}{% set ns.l = loop %}{{ "
                               "raise_exception('out') }}{% endfor %}"}) {
        (void)render(source, Json::object());
    }
}

// Changes a few bytes of a template in ways that keep it nearly valid.
std::string mutated(std::string source, std::mt19937& random, const std::vector<std::string>& pieces) {
    const auto below = [&](std::size_t count) {
        return static_cast<std::size_t>(random() % std::max<std::size_t>(count, 1));
    };
    for (std::size_t i = 0, count = 1 + below(4); i < count; ++i) {
        const std::size_t at = below(source.size() + 1);
        switch (below(4)) {
            case 0: source.erase(at, below(12)); break;
            case 1: source.insert(at, pieces[below(pieces.size())]); break;
            case 2: source.insert(at, source.substr(below(source.size()), below(60))); break;
            default:
                if (at < source.size()) source[at] = static_cast<char>(random());
        }
    }
    return source;
}

TEST(JinjaFuzz, MutatedTemplatesNeitherCrashNorHang) {
    const std::vector<std::string> pieces = {
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        "-%}",
        "{%-",
        "{% if ",
        "{% endif %}",
        "{% for x in messages %}",
        "{% endfor %}",
        "{% else %}",
        "{% set ns.x = ",
        " | ",
        " ~ ",
        "[::-1]",
        "[",
        "]",
        "(",
        ")",
        "{",
        "}",
        "'",
        "\"",
        "\\",
        " is ",
        " not ",
        " in ",
        " and ",
        ".split(",
        " if ",
        " else ",
        "loop.",
        "loop",
        "namespace(",
        "caller()",
        "{% call m() %}",
        "{% endcall %}",
        "{% macro m(a, b=1) %}",
        "{% endmacro %}",
        "| tojson",
        "| map(",
        "| list",
        "range(9)",
        "**",
        "//",
        "1e308",
        "%",
        "\n",
        "  ",
        "{% raw %}",
        "{% endraw %}",
        "{% break %}",
        "{% continue %}",
        "*args",
        "é",
        "\xff",
        "0x",
        "| sort",
        "| groupby('role')",
        "x",
    };
    const Json golden = Json::parse(readFile("conversations.json"));
    std::vector<std::string> seeds;
    for (const Json& test : golden["cases"]) {
        const auto name = test["template"].get<std::string>();
        if (test["conversation"] == "plain") seeds.push_back(readFile(name));
    }
    const Json snippets = Json::parse(readFile("snippets.json"));
    for (const Json& test : snippets["cases"]) seeds.push_back(test["template"].get<std::string>());
    Json context = golden["conversations"]["tool_done"];
    for (const auto& [name, value] : snippets["context"].items()) {
        if (!context.contains(name)) context[name] = value;
    }
    // More rounds, for campaigns by hand: LARDER_FUZZ_ROUNDS.
    const char* asked = std::getenv("LARDER_FUZZ_ROUNDS");
    const long rounds = asked != nullptr ? std::atol(asked) : 4000;
    std::mt19937 random(20240726);
    long rendered = 0;
    for (long i = 0; i < rounds; ++i) {
        const std::string source = mutated(seeds[random() % seeds.size()], random, pieces);
        if (render(source, context)) ++rendered;
    }
    EXPECT_GT(rendered, rounds / 10);  // the mutations are not all nonsense
}

}  // namespace
}  // namespace larder::text
