// libFuzzer target: whatever a model writes, nothing of it is lost, calls that are said to be whole are, and every cut of the
// text gives the same parts. The first byte chooses the settings, the second the cuts, the rest is the answer.
// Run: output_parser_fuzz -max_len=2048 NEW_FOLDER tests/fuzz/output_parser_corpus
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/utf8.h"
#include "tests/support/output_promises.h"

namespace {

using namespace larder;

void check(bool holds) {
    if (!holds) std::abort();
}

std::shared_ptr<const base::Json> fuzzTools() {
    static const auto tools = std::make_shared<const base::Json>(base::Json::parse(R"([{"function": {"name": "f", "parameters":
      {"properties": {"s": {"type": "string"}, "n": {"type": "number"}, "i": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
      "b": {"type": "boolean"}, "a": {"type": "array", "items": {"$ref": "#"}}, "o": {"$ref": "#"}, "m": {"type": ["string", "null", "array"]}},
      "additionalProperties": {"enum": ["x", 1]}, "allOf": [{"$ref": "#"}]}}}])"));
    return tools;
}

// Pieces of 1 to 8 characters, by the seed.
std::vector<text::OutputPart> parse(const text::OutputParserSettings& settings, const std::string& answer, std::uint32_t seed) {
    const auto parser = text::makeOutputParser(settings);
    std::vector<text::OutputPart> parts;
    for (std::size_t at = 0; at < answer.size();) {
        seed = seed * 1664525 + 1013904223;
        std::size_t end = at;
        for (std::uint32_t n = 0; n <= seed >> 29 && end < answer.size(); ++n) end += base::decodeUtf8(answer, end).bytes;
        parser->add(std::string_view(answer).substr(at, end - at), parts);
        at = end;
    }
    parser->finish(parts);
    return parts;
}

// Kinds, names and contents with nothing that tells where the pieces were cut.
std::string story(const std::vector<text::OutputPart>& parts) {
    std::string out;
    std::size_t last = std::variant_npos;
    for (const text::OutputPart& part : parts) {
        if (part.index() != last) out += static_cast<char>('0' + part.index());
        last = part.index();
        if (const auto* plain = std::get_if<text::PartText>(&part)) out += plain->text;
        if (const auto* thought = std::get_if<text::PartReasoning>(&part)) out += thought->text;
        if (const auto* start = std::get_if<text::PartCallStart>(&part)) out += start->name;
        if (const auto* piece = std::get_if<text::PartCallArguments>(&part)) out += piece->json;
        if (const auto* end = std::get_if<text::PartCallEnd>(&part)) out += (end->complete ? '+' : '-') + end->raw;
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    text::OutputParserSettings settings;
    settings.toolCalls = static_cast<text::ToolCallFormat>(data[0] % 4);
    settings.reasoning = (data[0] & 4) != 0;
    settings.reasoningOpen = (data[0] & 8) != 0;
    if ((data[0] & 16) == 0) settings.tools = fuzzTools();
    const std::string answer = base::repairUtf8(std::string(data + 2, data + size));
    const auto parts = parse(settings, answer, data[1]);
    check(support::brokenPromise(answer, parts).empty());
    const auto parser = text::makeOutputParser(settings);
    std::vector<text::OutputPart> whole;
    parser->add(answer, whole);
    parser->finish(whole);
    check(story(whole) == story(parts));
    return 0;
}
