#include "engine/agents/json_settings.h"

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>

#include "engine/agents/sentence.h"
#include "engine/base/file.h"

namespace larder::agents {
namespace {

constexpr std::size_t kMostSettingsBytes = 1 << 20;

// Spaces in place of comments and of commas before a closing bracket.
std::string asPlainJson(std::string text) {
    std::size_t comma = std::string::npos;   // the last thing seen, if it was one
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '"') {
            for (++i; i < text.size() && text[i] != '"'; ++i)
                if (text[i] == '\\') ++i;
            comma = std::string::npos;
        } else if (text.compare(i, 2, "//") == 0) {
            for (; i < text.size() && text[i] != '\n'; ++i) text[i] = ' ';
        } else if (text.compare(i, 2, "/*") == 0) {
            const std::size_t end = std::min(text.find("*/", i + 2), text.size() - 2) + 2;
            for (; i < end; ++i) text[i] = ' ';
            --i;
        } else if (text[i] == ',') {
            comma = i;
        } else if (text[i] == '}' || text[i] == ']') {
            if (comma != std::string::npos) text[comma] = ' ';
            comma = std::string::npos;
        } else if (text[i] != ' ' && text[i] != '\t' && text[i] != '\n' && text[i] != '\r') {
            comma = std::string::npos;
        }
    }
    return text;
}

}  // namespace

std::optional<base::Json> readJsonSettings(const std::filesystem::path& file, AgentPlan& plan) {
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) return std::nullopt;
    const auto text = base::readFile(file, kMostSettingsBytes);
    if (!text) {
        plan.warnings.push_back(sentence(
            LARDER_TEXT("AgentText", "%1; what %2 takes from there is not known."), {text.error().message, plan.agent.name}));
        return std::nullopt;
    }
    auto document = base::parseJson(asPlainJson(*text));
    if (document && document->is_object()) return *std::move(document);
    plan.warnings.push_back(sentence(
        LARDER_TEXT("AgentText", "%1 is not valid JSON; what %2 takes from there is not known."), {file.string(), plan.agent.name}));
    return std::nullopt;
}

}  // namespace larder::agents
