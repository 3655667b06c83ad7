#include "engine/text/output_format.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "tests/support/fixtures.h"
#include "tests/text/small_vocabulary.h"

namespace larder::text {
namespace {

OutputFormat formatOf(const std::string& source) { return findOutputFormat(source, **SmallVocabulary::ofBytes().build()); }

std::string goldenTemplate(const std::string& name) {
    std::ifstream file(support::sourceFolder() / "tests/golden/chat_templates" / (name + ".jinja"), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST(OutputFormat, OfRealTemplates) {
    const auto expectFormat = [](const std::string& name, ToolCallFormat toolCalls, bool reasoning) {
        const std::string source = goldenTemplate(name);
        ASSERT_FALSE(source.empty()) << name;
        EXPECT_EQ(formatOf(source).toolCalls, toolCalls) << name;
        EXPECT_EQ(formatOf(source).reasoning, reasoning) << name;
    };
    expectFormat("qwen3_coder", ToolCallFormat::QwenXml, false);
    expectFormat("qwen3_0_6b", ToolCallFormat::HermesJson, true);
    expectFormat("qwen2_5_7b_instruct", ToolCallFormat::HermesJson, false);
    expectFormat("qwq_32b", ToolCallFormat::HermesJson, true);
    expectFormat("granite_4_0", ToolCallFormat::HermesJson, false);
    expectFormat("smollm2", ToolCallFormat::HermesJson, false);
    expectFormat("deepseek_r1", ToolCallFormat::HermesJson, true);
}

TEST(OutputFormat, OfLlamaTemplates) {
    EXPECT_EQ(formatOf("{{ '<|python_tag|>' + x }}").toolCalls, ToolCallFormat::LlamaJson);
    EXPECT_EQ(formatOf("{{- 'Respond in the format {\"name\": function name, \"parameters\": dictionary of argument name and its "
                       "value}.' }}").toolCalls, ToolCallFormat::LlamaJson);
    EXPECT_EQ(formatOf(R"({{ "as {\"name\": function name, \"parameters\": values}" }})").toolCalls, ToolCallFormat::LlamaJson);
    // The loop that writes the tools.
    EXPECT_EQ(formatOf(R"({{ '{"name": "' + tool.name + '", "parameters": ' + tool.parameters | tojson }})").toolCalls, ToolCallFormat::HermesJson);
    EXPECT_EQ(formatOf("").toolCalls, ToolCallFormat::HermesJson);
}

TEST(OutputFormat, MarkersAreControlTokensThatParsersMustSee) {
    SmallVocabulary vocabulary = SmallVocabulary::ofBytes();
    const TokenId call = vocabulary.add("<tool_call>", kControl);
    vocabulary.add("<|eom_id|>", kControl);
    vocabulary.add("<think>", kUserDefined);  // has bytes: comes as text anyhow
    const TokenId thinkEnd = vocabulary.add("</think>", kControl);
    const TokenId tag = vocabulary.add("<|python_tag|>", kControl);
    const OutputFormat format = findOutputFormat("", **vocabulary.build());
    EXPECT_EQ(format.markers, (std::vector<TokenId>{call, thinkEnd, tag}));
    EXPECT_TRUE(format.reasoning);
    EXPECT_TRUE(formatOf("").markers.empty());
    EXPECT_FALSE(formatOf("").reasoning);
}

}  // namespace
}  // namespace larder::text
