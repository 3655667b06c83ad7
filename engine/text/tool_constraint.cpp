#include "engine/text/tool_constraint.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/text/grammar_constraint.h"
#include "engine/text/json_schema.h"
#include "engine/text/json_spelling.h"

namespace larder::text {

namespace {

using base::Json;

constexpr std::size_t kBlanksBehindMarker = 4;

// How a call is written around its name and its arguments.
struct CallFrame {
    std::string_view beforeName, afterName, closing, between;
};
constexpr CallFrame kHermes{"<tool_call>\n{\"name\": ", ", \"arguments\": ", "}\n</tool_call>", "\n"};
constexpr CallFrame kLlama{"{\"name\": ", ", \"parameters\": ", "}", ""};

struct Tool {
    std::string name;
    const Json* parameters = nullptr;  // null: none are described
    SchemaSource source;
};

Expected<Tool> readTool(const Json& tool, std::size_t index) {
    const std::string path = "tools[" + std::to_string(index) + "].function";
    const auto function = tool.find("function");
    if (!tool.is_object() || function == tool.end() || !function->is_object())
        return Error{ErrorCode::InvalidArgument, path + " is missing"};
    const auto name = function->find("name");
    if (name == function->end() || !name->is_string()) return Error{ErrorCode::InvalidArgument, path + ".name is not a string"};
    const auto parameters = function->find("parameters");
    const auto strict = function->find("strict");
    return Tool{.name = name->get<std::string>(),
                .parameters = parameters == function->end() || parameters->is_null() ? nullptr : &*parameters,
                .source = {.path = path + ".parameters", .strict = strict != function->end() && *strict == true}};
}

Expected<std::vector<Tool>> readTools(const ToolConstraintSettings& settings) {
    std::vector<Tool> tools;
    const std::size_t count = settings.tools != nullptr && settings.tools->is_array() ? settings.tools->size() : 0;
    for (std::size_t i = 0; i < count; ++i) {
        auto tool = readTool((*settings.tools)[i], i);
        if (!tool) return tool.error();
        if (settings.name.empty() || tool->name == settings.name) tools.push_back(*std::move(tool));
    }
    if (!tools.empty()) return tools;
    if (count == 0) return Error{ErrorCode::InvalidArgument, "a tool must be called, but tools is empty"};
    return Error{ErrorCode::InvalidArgument, "the tool to call, \"" + settings.name + "\", is not one of tools"};
}

// Sorted, as the grammar wants them; of equal ones the first counts.
std::vector<AnswerGrammar::Opening> sorted(std::vector<AnswerGrammar::Opening> openings) {
    std::ranges::stable_sort(openings, {}, &AnswerGrammar::Opening::text);
    return openings;
}

Expected<std::shared_ptr<const TokenTrie>> trieFor(const std::shared_ptr<const Tokenizer>& tokenizer, std::span<const TokenId> stopTokens) {
    if (stopTokens.empty())
        return Error{ErrorCode::Unsupported, "answers cannot be kept to a schema: the model has no token that ends an answer"};
    return TokenTrie::of(tokenizer);
}

// settings: all but the grammar.
MadeConstraint constraintOf(AnswerGrammar grammar, JsonSchemaCompiler& compiler, GrammarConstraintSettings settings) {
    MadeConstraint made{.constraint = nullptr, .ignored = compiler.ignored()};
    grammar.json = compiler.take();
    grammar.blanks = settings.startAfter.empty() ? 0 : kBlanksBehindMarker;
    settings.grammar = std::make_shared<const AnswerGrammar>(std::move(grammar));
    made.constraint = std::make_shared<GrammarConstraint>(std::move(settings));
    return made;
}

std::function<bool(std::string_view)> spellerOf(const std::shared_ptr<const TokenTrie>& trie) {
    return [trie](std::string_view text) { return trie->canSpell(text); };
}

}  // namespace

Expected<MadeConstraint> makeToolConstraint(const ToolConstraintSettings& settings) {
    const auto trie = trieFor(settings.tokenizer, settings.stopTokens);
    if (!trie) return trie.error();
    const auto tools = readTools(settings);
    if (!tools) return tools.error();

    const bool llama = settings.format == ToolCallFormat::LlamaJson;
    const CallFrame& frame = llama ? kLlama : kHermes;
    const auto canSpell = spellerOf(*trie);
    const std::string beforeName = (*trie)->spelled(std::string(frame.beforeName));
    JsonSchemaCompiler compiler(canSpell);
    AnswerGrammar grammar;
    std::vector<AnswerGrammar::Opening> again;
    for (const Tool& tool : *tools) {
        const auto arguments = compiler.addObject(tool.parameters == nullptr ? Json() : *tool.parameters, tool.source);
        if (!arguments) return arguments.error();
        // A marker that the client has put into the name is no marker.
        const std::string text = beforeName + jsonText(tool.name, canSpell) + std::string(frame.afterName);
        grammar.openings.push_back({text, *arguments});
        again.push_back({std::string(frame.between) + text, *arguments});
    }
    grammar.openings = sorted(std::move(grammar.openings));
    if (settings.parallel && !llama) grammar.again = sorted(std::move(again));
    grammar.closing = (*trie)->spelled(std::string(frame.closing));
    if (!(*trie)->canSpell("\n"))
        return Error{ErrorCode::Unsupported, "the model's vocabulary has no token for a line end, so it cannot write tool calls"};
    return constraintOf(std::move(grammar), compiler, {.tokenizer = settings.tokenizer,
                                                       .trie = *trie,
                                                       .grammar = nullptr,
                                                       .startAfter = settings.startAfter,
                                                       .stopTokens = settings.stopTokens});
}

Expected<MadeConstraint> makeJsonConstraint(const JsonConstraintSettings& settings) {
    const auto trie = trieFor(settings.tokenizer, settings.stopTokens);
    if (!trie) return trie.error();
    JsonSchemaCompiler compiler(spellerOf(*trie));
    const SchemaSource source{.path = settings.path, .strict = settings.strict};
    const auto root = settings.schema == nullptr ? compiler.addObject(Json(), source) : compiler.add(*settings.schema, source);
    if (!root) return root.error();
    AnswerGrammar grammar;
    grammar.openings.push_back({"", *root});
    return constraintOf(std::move(grammar), compiler, {.tokenizer = settings.tokenizer,
                                                       .trie = *trie,
                                                       .grammar = nullptr,
                                                       .startAfter = settings.startAfter,
                                                       .stopTokens = settings.stopTokens});
}

}  // namespace larder::text
