#include "engine/text/output_format.h"

#include <algorithm>
#include <array>
#include <string>

namespace larder::text {
namespace {

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// Whether the template asks for {"name": ..., "parameters": ...}: both keys in one line of words, not the loop that writes
// the tools.
bool asksForNameAndParameters(std::string_view source) {
    constexpr std::string_view kName = "{\"name\":", kParameters = "\"parameters\":";
    constexpr std::size_t kMaxBetween = 80;
    std::string plain(source);
    std::erase(plain, '\\');  // quotes inside quotes
    for (std::size_t at = plain.find(kName); at != std::string::npos; at = plain.find(kName, at + 1)) {
        const std::string_view behind = std::string_view(plain).substr(at, kMaxBetween);
        const std::string_view words = behind.substr(0, behind.find_first_of("\n+}"));
        if (has(words, kParameters)) return true;
    }
    return false;
}

ToolCallFormat findToolCallFormat(std::string_view source) {
    if (has(source, "<function=") && has(source, "<parameter=")) return ToolCallFormat::QwenXml;
    if (has(source, "<|python_tag|>")) return ToolCallFormat::LlamaJson;
    if (has(source, "<tool_call>")) return ToolCallFormat::HermesJson;
    return asksForNameAndParameters(source) ? ToolCallFormat::LlamaJson : ToolCallFormat::HermesJson;
}

}  // namespace

OutputFormat findOutputFormat(std::string_view source, const Tokenizer& tokenizer) {
    constexpr std::array<std::string_view, 5> kMarkers = {"<tool_call>", "</tool_call>", "<|python_tag|>", "<think>",
                                                          "</think>"};
    OutputFormat format;
    format.toolCalls = findToolCallFormat(source);
    for (const std::string_view marker : {"<think>", "</think>"})
        format.reasoning = format.reasoning || has(source, marker) || tokenizer.find(marker).has_value();
    for (const std::string_view marker : kMarkers) {
        const auto token = tokenizer.find(marker);
        if (token && tokenizer.isControl(*token)) format.markers.push_back(*token);
    }
    std::ranges::sort(format.markers);
    return format;
}

}  // namespace larder::text
