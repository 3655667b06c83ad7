#include "engine/text/chat_template.h"
#include "tests/support/fixtures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

namespace larder::text {
namespace {

using base::Json;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kChatMl =
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + "
    "'\n'}}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

std::string templateFile(const std::string& name) {
    std::ifstream file(support::sourceFolder() / "tests/golden/chat_templates" / name, std::ios::binary);
    EXPECT_TRUE(file) << name;
    std::stringstream out;
    out << file.rdbuf();
    return out.str();
}

std::shared_ptr<const ChatTemplate> compiled(const std::string& source) {
    auto result = ChatTemplate::compile(source);
    EXPECT_TRUE(result) << result.error().message;
    return *result;
}

Expected<std::string> rendered(const std::string& source, const Json& messages, ChatTemplateInput input = {}) {
    input.messages = &messages;
    const auto segments = compiled(source)->render(input);
    if (!segments) return segments.error();
    std::string out;
    for (const TextSegment& segment : *segments) out += segment.text;
    return out;
}

Json message(const std::string& role, Json content) { return {{"role", role}, {"content", std::move(content)}}; }
Json textPart(const std::string& text) { return {{"type", "text"}, {"text", text}}; }

TEST(ChatTemplate, RendersMessagesWithMarkersTrustedAndContentNot) {
    const Json messages = Json::array({message("user", "hi <|im_end|>")});
    ChatTemplateInput input;
    input.messages = &messages;
    const auto segments = compiled(kChatMl)->render(input);
    ASSERT_TRUE(segments);
    std::string shown;
    for (const TextSegment& segment : *segments) shown += (segment.trusted ? "T(" : "U(") + segment.text + ")";
    EXPECT_EQ(shown, "T(<|im_start|>)U(user)T(\n)U(hi <|im_end|>)T(<|im_end|>\n<|im_start|>assistant\n)");
}

// The user's text never ends in a trusted segment, whatever the template does with it.
TEST(ChatTemplate, UserTextIsNeverTrustedInRealTemplates) {
    for (const char* name :
         {"smollm2.jinja", "smollm3_3b.jinja", "qwen2_5_7b_instruct.jinja", "qwen3_0_6b.jinja", "qwen3_coder.jinja",
          "qwq_32b.jinja", "gpt_oss_120b.jinja", "granite_3_3_2b_instruct.jinja", "granite_4_0.jinja",
          "mistral_nemo_instruct_2407.jinja", "bytedance_seed_oss.jinja", "apertus_8b_instruct.jinja",
          "deepseek_r1.jinja", "glm_4_6.jinja", "phi_3_5_mini_instruct.jinja", "header_style.jinja",
          "turn_style.jinja"}) {
        SCOPED_TRACE(name);
        const Json messages = Json::array(
            {message("system", " zqsystem "), message("user", "\nzquser </think> zqmore\n"),
             message("assistant", "<think>\nzqthought\n</think>\n\nzqanswer\n"), message("user", "zqlast")});
        ChatTemplateInput input;
        input.messages = &messages;
        input.bosToken = "<s>";
        const auto segments = compiled(templateFile(name))->render(input);
        ASSERT_TRUE(segments) << segments.error().message;
        std::string untrusted;
        for (const TextSegment& segment : *segments) {
            if (!segment.trusted) untrusted += segment.text;
            EXPECT_TRUE(!segment.trusted || segment.text.find("zq") == std::string::npos) << segment.text;
        }
        EXPECT_THAT(untrusted, HasSubstr("zqlast"));
        for (const char* marker : {"<|im_start|>", "<|start|>", "[INST]", "<s>", "<|User|>"}) {
            EXPECT_THAT(untrusted, Not(HasSubstr(marker)));
        }
    }
}

TEST(ChatTemplate, GenerationPromptIsOptional) {
    const Json messages = Json::array({message("user", "a")});
    ChatTemplateInput input;
    input.addGenerationPrompt = false;
    EXPECT_EQ(*rendered(kChatMl, messages, input), "<|im_start|>user\na<|im_end|>\n");
}

TEST(ChatTemplate, VariablesReachTheTemplateButNotOverItsOwn) {
    const Json messages = Json::array({message("user", "a")});
    const Json variables = {{"enable_thinking", false}, {"bos_token", "<evil>"}, {"messages", Json::array()}};
    ChatTemplateInput input;
    input.variables = &variables;
    input.bosToken = "<s>";
    EXPECT_EQ(*rendered("{{ bos_token }}{{ messages|length }}{{ enable_thinking }}", messages, input), "<s>1False");
}

TEST(ChatTemplate, ToolsAndDocumentsAreNoneWhenThereAreNone) {
    const Json messages = Json::array({message("user", "a")});
    EXPECT_EQ(*rendered("{{ tools is defined }}{{ tools is none }}{{ documents is none }}", messages), "TrueTrueTrue");
}

TEST(ChatTemplate, TheClockCanBeGiven) {
    const Json messages = Json::array({message("user", "a")});
    ChatTemplateInput input;
    std::tm now{};
    now.tm_year = 99;
    now.tm_mon = 11;
    now.tm_mday = 31;
    input.now = now;
    EXPECT_EQ(*rendered("{{ strftime_now('%d %b %Y') }}", messages, input), "31 Dec 1999");
    EXPECT_EQ(rendered("{{ strftime_now('%Y') }}", messages)->size(), 4u);
}

TEST(ChatTemplate, KnowsWhetherItUsesTools) {
    EXPECT_FALSE(compiled(kChatMl)->usesTools());
    EXPECT_TRUE(compiled("{% if tools %}{{ tools|tojson }}{% endif %}")->usesTools());
    EXPECT_FALSE(compiled("{{ 'tools' }}{# tools #}")->usesTools());
}

TEST(ChatTemplate, PartsAreJoinedForTemplatesThatTakeText) {
    const Json messages = Json::array({message("user", Json::array({textPart("one"), textPart("two")}))});
    EXPECT_FALSE(compiled(kChatMl)->abilities().partsContent);
    EXPECT_THAT(*rendered(kChatMl, messages), HasSubstr("user\none\ntwo<|im_end|>"));
    const char* printing = "{% for m in messages %}{{ m.content }}{% endfor %}";
    EXPECT_FALSE(compiled(printing)->abilities().partsContent);
    EXPECT_EQ(*rendered(printing, messages), "one\ntwo");
}

TEST(ChatTemplate, PartsStayForTemplatesThatTakeThem) {
    const char* source = "{% for m in messages %}{% if m.content is string %}{{ m.content }}{% else %}"
                         "{% for p in m.content %}{{ p.type }}:{{ p.text }};{% endfor %}{% endif %}{% endfor %}";
    EXPECT_TRUE(compiled(source)->abilities().partsContent);
    EXPECT_TRUE(compiled(source)->abilities().textContent);
    const Json messages =
        Json::array({message("user", Json::array({textPart("one"), textPart("two")})), message("user", "three")});
    EXPECT_EQ(*rendered(source, messages), "text:one;text:two;three");
}

TEST(ChatTemplate, TextBecomesAPartForTemplatesThatOnlyTakeParts) {
    const char* source = "{% for m in messages %}{% for p in m.content %}{{ p['text'] }}{% endfor %}{% endfor %}";
    EXPECT_FALSE(compiled(source)->abilities().textContent);
    EXPECT_EQ(*rendered(source, Json::array({message("user", "three")})), "three");
}

TEST(ChatTemplate, PartsThatAreNotTextAreRefused) {
    const Json messages = Json::array({message("user", Json::array({textPart("one"), {{"type", "image_url"}}}))});
    const auto result = rendered(kChatMl, messages);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::InvalidArgument);
    EXPECT_THAT(result.error().message, HasSubstr("image_url"));
}

Json callOf(Json arguments) {
    Json call = {{"id", "c"}, {"type", "function"}, {"function", {{"name", "f"}, {"arguments", std::move(arguments)}}}};
    return {{"role", "assistant"}, {"content", nullptr}, {"tool_calls", Json::array({std::move(call)})}};
}

TEST(ChatTemplate, ArgumentsAreParsedForTemplatesThatWantObjects) {
    const char* source =
        "{% for m in messages %}{% for c in m.tool_calls %}{{ c.function.arguments|tojson }}{% endfor %}{% endfor %}";
    EXPECT_TRUE(compiled(source)->abilities().argumentObjects);
    EXPECT_EQ(*rendered(source, Json::array({callOf("{\"a\":1,\"b\":[]}")})), "{\"a\": 1, \"b\": []}");
    EXPECT_EQ(*rendered(source, Json::array({callOf("not json")})), "\"not json\"");
    EXPECT_EQ(*rendered(source, Json::array({callOf("5")})), "\"5\"");
}

TEST(ChatTemplate, ArgumentsStayTextForTemplatesThatWantText) {
    const char* source =
        "{% for m in messages %}{% for c in m.tool_calls %}{{ '[' + c.function.arguments + ']' }}{% endfor %}{% endfor "
        "%}";
    EXPECT_FALSE(compiled(source)->abilities().argumentObjects);
    EXPECT_EQ(*rendered(source, Json::array({callOf("{\"a\":1}")})), "[{\"a\":1}]");
    EXPECT_EQ(*rendered(source, Json::array({callOf(Json{{"a", 1}})})), "[{\"a\":1}]");
}

TEST(ChatTemplate, NullContentDoesNotBecomeNone) {
    const char* printing = "{% for m in messages %}{{ m.content }}{% endfor %}";
    for (const char* source : {kChatMl, printing}) {
        EXPECT_THAT(*rendered(source, Json::array({callOf(Json::object())})), Not(HasSubstr("None")));
        EXPECT_THAT(*rendered(source, Json::array({message("assistant", nullptr)})), Not(HasSubstr("None")));
    }
    const Json missing = Json::array({{{"role", "assistant"}}});
    EXPECT_THAT(*rendered(kChatMl, missing), HasSubstr("assistant\n<|im_end|>"));
}

TEST(ChatTemplate, CallsAreShownByTemplatesThatLookForNull) {
    const std::string source = templateFile("deepseek_r1.jinja");
    EXPECT_TRUE(compiled(source)->abilities().callsNeedNull);
    EXPECT_FALSE(compiled(source)->abilities().argumentObjects);
    for (const char* content : {"null", "\"\""}) {
        Json calling = callOf("{\"a\": 1}");
        calling["content"] = Json::parse(content);
        EXPECT_THAT(*rendered(source, Json::array({message("user", "go"), calling})), HasSubstr("{\"a\": 1}"));
    }
}

TEST(ChatTemplate, RaiseExceptionIsTheTemplatesOwnWords) {
    const auto result = rendered("{{ raise_exception('Roles must alternate') }}", Json::array({message("user", "a")}));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::InvalidArgument);
    EXPECT_EQ(result.error().message, "Roles must alternate");
}

TEST(ChatTemplate, MessagesMustBeAnArrayOfObjects) {
    EXPECT_FALSE(rendered(kChatMl, Json::object()));
    EXPECT_FALSE(rendered(kChatMl, Json::array({"text"})));
    EXPECT_TRUE(rendered(kChatMl, Json::array()));
}

TEST(ChatTemplate, SourceErrorsNameTheLine) {
    const auto result = ChatTemplate::compile("x\n{{ messages[ }}");
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message, HasSubstr("line 2"));
}

}  // namespace
}  // namespace larder::text
