// libFuzzer target: whatever JSON schema a request brings either is refused with a short sentence, or becomes a constraint under
// which every answer ends, is JSON, and (if nothing of the schema was left out) is what the schema wants. The first byte chooses
// the settings, the second the answers; then comes the schema, as JSON text or as choices of what to put into one.
// Run: schema_fuzz -max_len=4096 NEW_FOLDER tests/fuzz/schema_corpus
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/utf8.h"
#include "engine/text/output_parser.h"
#include "engine/text/token_trie.h"
#include "engine/text/tool_constraint.h"
#include "tests/text/grammar_vocabulary.h"
#include "tests/text/grammar_walk.h"
#include "tests/text/schema_validator.h"

namespace {

using namespace larder;
using base::Json;

void check(bool holds) {
    if (!holds) std::abort();
}

// Makes a schema of bytes: keywords that mostly have values of their kind, in any combination.
class Choices {
public:
    Choices(const std::uint8_t* data, std::size_t size) : m_data(data), m_size(size) {}

    Json schema(int depth = 0) {
        const std::uint8_t kind = byte();
        if (kind < 16) return kind % 2 == 0;
        if (kind > 250) return anything(depth);
        Json made = Json::object();
        for (int i = 1 + kind % 4; i > 0 && m_at < m_size; --i) put(made, depth);
        return made;
    }

private:
    std::uint8_t byte() { return m_at < m_size ? m_data[m_at++] : std::uint8_t{0}; }

    std::string word() {
        static const char* const kWords[] = {"a", "ab", "abc", "", "q\"", "\xc3\xa4", "a/b", "~", "\n", "b"};
        return kWords[byte() % std::size(kWords)];
    }

    Json type() {
        static const char* const kTypes[] = {"null", "boolean", "integer", "number", "string", "array", "object", "other"};
        const std::uint8_t chosen = byte();
        return kTypes[chosen == 255 ? 7 : chosen % 7];
    }

    Json anything(int depth) {
        switch (byte() % 10) {
            case 0: return nullptr;
            case 1: return true;
            case 2: return byte();
            case 3: return (byte() - 100) / 8.0;
            case 4: return depth < 4 ? Json::array({anything(depth + 1), anything(depth + 1)}) : Json::array();
            case 5: return depth < 4 ? Json{{word(), anything(depth + 1)}, {word(), anything(depth + 1)}} : Json::object();
            case 6: return -1e300;
            case 7: return 1.0;
            default: return word();
        }
    }

    template <class Make>
    Json list(Make make) {
        Json made = Json::array();
        for (int i = byte() % 5; i > 0; --i) made.push_back(make());
        return made;
    }

    void put(Json& schema, int depth) {
        if (depth > 8) return;
        const auto inner = [this, depth] { return this->schema(depth + 1); };
        switch (byte() % 14) {
            case 0: schema["type"] = type(); break;
            case 1: schema["type"] = list([this] { return type(); }); break;
            case 2:
            case 3:
                for (int i = byte() % 5; i > 0; --i) schema["properties"][word()] = inner();
                break;
            case 4: schema["required"] = list([this] { return Json(word()); }); break;
            case 5: schema["additionalProperties"] = byte() % 2 == 0 ? Json(false) : inner(); break;
            case 6: schema["items"] = inner(); break;
            case 7: schema["enum"] = list([this, depth] { return anything(depth); }); break;
            case 8: schema["const"] = anything(depth); break;
            case 9: schema["anyOf"] = list(inner); break;
            case 10: schema["oneOf"] = list(inner); break;
            case 11: schema["allOf"] = list(inner); break;
            case 12: {
                static const char* const kPlaces[] = {"#", "#/$defs/a", "#/$defs/b", "#/items", "#/properties/a~1b", "other", ""};
                schema["$ref"] = kPlaces[byte() % std::size(kPlaces)];
                break;
            }
            default: schema["$defs"][word()] = inner(); break;
        }
    }

    const std::uint8_t* m_data;
    const std::size_t m_size;
    std::size_t m_at = 0;
};

struct Words {
    text::GrammarVocabulary all = text::GrammarVocabulary::make();
    text::GrammarVocabulary few = text::GrammarVocabulary::make("\x04\xc0\xc1\xf5\xff\x9f\xa4\xc3", true);
    // Kept, or every input would make them anew.
    Expected<std::shared_ptr<const text::TokenTrie>> ofAll = text::TokenTrie::of(all.tokenizer), ofFew = text::TokenTrie::of(few.tokenizer);
};

const text::GrammarVocabulary& words(bool all) {
    static const Words both;
    return all ? both.all : both.few;
}

void checkRefusal(const Error& error) {
    check(error.code == ErrorCode::InvalidArgument || error.code == ErrorCode::Unsupported);
    check(!error.message.empty() && error.message.size() < 4096 && base::isUtf8(error.message));
}

void checkAnswer(const Json& schema, const text::GrammarVocabulary& vocabulary, bool strict, unsigned seed) {
    const auto made = text::makeJsonConstraint(
        {.tokenizer = vocabulary.tokenizer, .schema = &schema, .strict = strict, .startAfter = {}, .stopTokens = vocabulary.stops});
    if (!made) return checkRefusal(made.error());
    check(!strict || made->ignored.empty());
    const std::string answer = text::GrammarWalk(*vocabulary.tokenizer, vocabulary.stops, seed).run(*made->constraint, 20 + seed % 20);
    const auto value = base::parseJson(answer);
    const bool valid = value.ok() && (!made->ignored.empty() || text::isValid(*value, schema, schema));
    if (!valid) std::cerr << "schema " << base::dumpJson(schema) << "\nanswer " << answer << '\n';
    check(valid);
}

// Of a tool that takes what the schema describes.
void checkCalls(const Json& schema, const text::GrammarVocabulary& vocabulary, bool strict, unsigned seed) {
    const auto tools = std::make_shared<const Json>(Json::array(
        {{{"function", {{"name", "f\xc3\xa4"}, {"parameters", schema}, {"strict", strict}}}}, {{"function", {{"name", "f"}}}}}));
    const auto format = (seed & 1) != 0 ? text::ToolCallFormat::LlamaJson : text::ToolCallFormat::HermesJson;
    const auto made = text::makeToolConstraint({.tokenizer = vocabulary.tokenizer,
                                                .tools = tools.get(),
                                                .name = (seed & 2) != 0 ? "f\xc3\xa4" : "",
                                                .parallel = (seed & 4) != 0,
                                                .format = format,
                                                .startAfter = {},
                                                .stopTokens = vocabulary.stops});
    if (!made) return checkRefusal(made.error());
    const std::string answer = text::GrammarWalk(*vocabulary.tokenizer, vocabulary.stops, seed).run(*made->constraint, 40);
    const auto parser = text::makeOutputParser({.toolCalls = format, .tools = tools});
    std::vector<text::OutputPart> parts;
    parser->add(answer, parts);
    parser->finish(parts);
    std::size_t calls = 0;
    for (const text::OutputPart& part : parts) {
        check(!std::holds_alternative<text::PartText>(part));
        if (const auto* start = std::get_if<text::PartCallStart>(&part)) check(start->name == "f" || start->name == "f\xc3\xa4");
        if (const auto* end = std::get_if<text::PartCallEnd>(&part)) check(end->complete && ++calls > 0);
    }
    check(calls > 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return 0;
    const unsigned settings = data[0], seed = data[1];
    Json schema;
    if ((settings & 1) != 0) {
        schema = Choices(data + 2, size - 2).schema();
    } else {
        auto parsed = base::parseJson(std::string_view(reinterpret_cast<const char*>(data + 2), size - 2));
        if (!parsed) return 0;
        schema = std::move(*parsed);
    }
    const text::GrammarVocabulary& vocabulary = words((settings & 2) != 0);
    const bool strict = (settings & 4) != 0;
    if ((settings & 8) != 0) checkCalls(schema, vocabulary, strict, seed);
    else checkAnswer(schema, vocabulary, strict, seed);
    return 0;
}
