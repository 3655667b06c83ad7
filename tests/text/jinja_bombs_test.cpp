// Short templates that ask for hours or for all memory: each ends in an error that says which limit it met.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "engine/base/utf8.h"
#include "engine/text/chat_template.h"
#include "engine/text/jinja.h"

namespace larder::text {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

// Variables of the size that counts: {{ a }} is a million letters, {{ half }} half a million and a `b`, {{ e }} half a million é.
const std::string kTexts = "{% set a = 'a' * 1000 * 1000 %}{% set half = 'a' * 1000 * 500 ~ 'b' %}{% set e = 'é' * 1000 * 500 %}";

// What it renders, or the error's message. Trials meet the limit on steps soon.
std::string outcome(const std::string& source, JinjaEffort effort = JinjaEffort::Trial) {
    const auto compiled = JinjaTemplate::compile(source);
    if (!compiled) return compiled.error().message;
    const base::Json user = "user";
    const auto rendered = (*compiled)->render({{"u", &user, {}}}, std::nullopt, effort);
    if (!rendered) return rendered.error().message;
    std::string text;
    for (const TextSegment& segment : *rendered) text += segment.text;
    return text;
}

TEST(JinjaBombs, TextsAreNotCutIntoAnyNumberOfPieces) {
    for (const char* source : {"{{ ('\n' * 1000 * 1100) | indent }}", "{{ ('a,' * 1000 * 1100).split(',') }}", "{{ ('a,' * 1000 * 1100).rsplit(',') }}",
                               "{{ ('a ' * 1000 * 1100).split() }}", "{{ ('a ' * 1000 * 1100).rsplit() }}", "{{ ('\n' * 1000 * 1100).splitlines() }}",
                               "{{ [1] | map(attribute='.' * 1000 * 1100) | list }}", "{{ [1] | sort(attribute=',' * 1000 * 1100) }}",
                               "{{ (u * 130 * 1000).replace('', 'x') }}"}) {
        EXPECT_THAT(outcome(source), HasSubstr("too many pieces")) << source;
    }
}

TEST(JinjaBombs, SearchingIsCounted) {
    for (const char* source : {"{{ a.find(half) }}", "{{ half in a }}", "{{ a.count(half) }}", "{{ a.replace(half, 'c') }}", "{{ a.split(half) }}",
                               "{{ a.partition(half) }}"}) {
        EXPECT_THAT(outcome(kTexts + source), HasSubstr("too many steps")) << source;
    }
}

TEST(JinjaBombs, WorkOnLongTextsIsCounted) {
    for (const char* work : {"{'x': 1}[a]", "a is upper", "a | int", "'x'.strip(a)", "e[400000]", "e[400000:400001]", "a.startswith(a)",
                             "a.removeprefix(a)", "a | escape | length", "('%(' ~ a ~ ')s') % {a: 1}"}) {
        const std::string source = kTexts + "{% for i in range(100000) %}{% set x = " + work + " %}{% endfor %}";
        EXPECT_THAT(outcome(source), AnyOf(HasSubstr("too many steps"), HasSubstr("too much memory"))) << work;
    }
    EXPECT_THAT(outcome(kTexts + "{{ (a ~ 'b').endswith((a[1:],) * 1000) }}"), HasSubstr("too many steps"));
}

TEST(JinjaBombs, WhatSurroundsAValueIsCounted) {
    const std::string margin = "{% set a = 'a' * 1000 * 20000 %}";
    EXPECT_THAT(outcome(margin + "{{ [[[[[[[[[1]]]]]]]]] | tojson(indent=a) }}", JinjaEffort::Full), HasSubstr("a text of over"));
    EXPECT_THAT(outcome(margin + "{{ {1: {1: {1: {1: 1}}}} | tojson(separators=(a, a)) }}", JinjaEffort::Full), HasSubstr("a text of over"));
    EXPECT_THAT(outcome("{{ ([1] * 3000000) | sort }}", JinjaEffort::Full), HasSubstr("too much memory"));
    std::string names;
    for (int i = 0; i < 20000; ++i) names += "{{ b" + std::to_string(i) + " }}";
    EXPECT_THAT(outcome("{% for i in range(100000) %}{% if no %}" + names + "{% endif %}{% endfor %}"), HasSubstr("too many steps"));
}

TEST(JinjaBombs, ManyBranchesAmongManyNamesAreRefused) {
    std::string ifs, elifs = "{% if a %}";
    for (int i = 0; i < 30000; ++i) {
        ifs += "{% if a %}{{ b" + std::to_string(i) + " }}{% endif %}";
        elifs += "{% elif b" + std::to_string(i) + " %}";
    }
    EXPECT_THAT(outcome(ifs), HasSubstr("too many names"));
    EXPECT_THAT(outcome(elifs + "{% endif %}"), HasSubstr("too many names"));
    EXPECT_THAT(outcome(std::string(2u << 20, 'x')), HasSubstr("larger than 1 MiB"));
}

TEST(JinjaBombs, MessagesAreShortAndUtf8) {
    for (const char* source : {"{{ raise_exception(e) }}", "{{ {}[e].x }}", "{{ u[e].x }}", "{{ ('%(' ~ e ~ ')s') % {} }}", "{{ ('{' ~ e ~ '}').format() }}", "{{ [].index([e]) }}", "{{ '%é' % 1 }}", "{{ '{:é}'.format(1) }}", "{{ 1 | int(**{e: 1}) }}"}) {
        const std::string message = outcome(kTexts + source);
        EXPECT_LE(message.size(), 600u) << source;
        EXPECT_TRUE(base::isUtf8(message)) << source;
    }
}

TEST(JinjaBombs, ExtremeNumbers) {
    const std::string least = "(-9223372036854775807 - 1)";
    EXPECT_EQ(outcome("{{ 'x'.zfill(" + least + ") }}"), "x");
    EXPECT_THAT(outcome("{{ '%*d' % (" + least + ", 5) }}"), HasSubstr("width too big"));
    EXPECT_EQ(outcome("{{ -1e20 | filesizeformat }}"), "-100000000000000000000 Bytes");
    EXPECT_EQ(outcome("{{ -0.5 | filesizeformat }}"), "0 Bytes");
    EXPECT_THAT(outcome("{{ '-inf' | float | filesizeformat }}"), HasSubstr("infinity"));
}

TEST(JinjaBombs, TheClockTakesNoZeroBytes) {
    EXPECT_THAT(outcome("{{ strftime_now('%Y \xc3\xa9\\0') }}"), HasSubstr("null character"));
}

// Finding out what a template understands takes dozens of renderings.
TEST(JinjaBombs, LoadingIsQuickForTemplatesThatAlwaysMeetALimit) {
    const auto compiled = ChatTemplate::compile("{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}{{ messages[0].content }}");
    ASSERT_TRUE(compiled);
    const base::Json messages = base::Json::array({{{"role", "user"}, {"content", "hello"}}});
    ChatTemplateInput input;
    input.messages = &messages;
    const auto rendered = (*compiled)->render(input);
    ASSERT_FALSE(rendered);
    EXPECT_THAT(rendered.error().message, HasSubstr("over 10000000"));
}

}  // namespace
}  // namespace larder::text
