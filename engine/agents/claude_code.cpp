#include "engine/agents/claude_code.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <system_error>
#include <utility>

#include "engine/agents/claude_settings.h"
#include "engine/base/file.h"

namespace larder::agents {
namespace {

namespace fs = std::filesystem;

constexpr const char* kProgram = "claude";
// Its tools and instructions before anything was asked: version 2.1.328 takes 48 to 56 KB, 2.1.197 takes 76.
constexpr std::size_t kFirstRequestTokens = 12'000;
// It summarises the conversation once less than this and the longest answer are left (measured with 2.1.197).
constexpr std::size_t kKeptFreeTokens = 13'000;
// From here on there is room for some turns between two summaries.
constexpr std::size_t kComfortableTokens = 48'000;
// What Claude Code asks for by itself with a model that it does not know.
constexpr std::size_t kMostOutputTokens = 32'000;
// Version 2.1.328 takes a smaller value for this one, and says so at every start. The smaller of the two windows counts.
constexpr std::size_t kLeastCompactWindow = 100'000;
constexpr std::size_t kMostNpmrcBytes = 1 << 16;

// The prefix that ~/.npmrc sets for global packages; empty when it sets none.
fs::path npmrcPrefix(const fs::path& home) {
    const auto text = base::readFile(home / ".npmrc", kMostNpmrcBytes);
    if (!text) return {};
    for (std::size_t first = 0; first < text->size();) {
        const std::size_t end = std::min(text->find('\n', first), text->size());
        std::string line = text->substr(first, end - first);
        first = end + 1;
        std::erase_if(line, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '"' || c == '\''; });
        constexpr std::string_view kKey = "prefix=";
        if (!line.starts_with(kKey)) continue;
        const std::string value = line.substr(kKey.size());
        for (const char* name : {"~/", "${HOME}/"})
            if (value.starts_with(name)) return home / value.substr(std::string_view(name).size());
        return value;
    }
    return {};
}

// Where npm puts programs of global packages. A desktop starts Larder without what a login shell adds to PATH, so the usual places are
// looked at too. On Linux npm's prefix is the folder above node's, which is in PATH itself then.
std::vector<fs::path> npmFolders(const Surroundings& around) {
    std::vector<fs::path> folders;
    for (const char* name : {"npm_config_prefix", "NPM_CONFIG_PREFIX"})
        if (const std::string prefix = around.variable(name); !prefix.empty()) folders.push_back(fs::path(prefix) / "bin");
    if (const fs::path prefix = npmrcPrefix(around.home()); !prefix.empty()) folders.push_back(prefix / "bin");
    folders.push_back(around.home() / ".npm-global" / "bin");
    std::vector<fs::path> versions;  // of nvm, by name: a newer one is found before an older one in most cases
    std::error_code error;
    for (fs::directory_iterator each(around.home() / ".nvm" / "versions" / "node", error), end; !error && each != end; each.increment(error))
        versions.push_back(each->path() / "bin");
    std::sort(versions.rbegin(), versions.rend());
    folders.insert(folders.end(), versions.begin(), versions.end());
    return folders;
}

bool givesOption(const std::vector<std::string>& arguments, std::initializer_list<std::string_view> names) {
    return std::any_of(arguments.begin(), arguments.end(), [&](const std::string& argument) {
        return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
            return argument.starts_with(name) && (argument.size() == name.size() || argument[name.size()] == '=');
        });
    });
}

class Environment {
public:
    void set(std::string name, std::string value, std::string why, bool secret = false) {
        m_variables.push_back({std::move(name), std::move(value), std::move(why), secret});
    }
    void set(std::string name, std::size_t value, std::string why) { set(std::move(name), std::to_string(value), std::move(why)); }
    std::vector<AgentVariable> take() { return std::move(m_variables); }

private:
    std::vector<AgentVariable> m_variables;
};

void setAccess(Environment& out, const AgentServer& server) {
    out.set("ANTHROPIC_BASE_URL", server.address, "Requests go to Larder instead of Anthropic.");
    const bool asksForKey = !server.apiKey.empty() || !server.keyFile.empty();
    out.set("ANTHROPIC_AUTH_TOKEN", server.apiKey.empty() ? "larder" : server.apiKey,
            asksForKey ? "Larder's API key." : "Claude Code asks to log in unless there is one; Larder asks for none.", asksForKey);
    out.set("ANTHROPIC_API_KEY", "", "A key of yours for Anthropic is neither used nor sent to Larder.");
}

void setModels(Environment& out, const std::string& model) {
    out.set("ANTHROPIC_DEFAULT_OPUS_MODEL", model, "Whichever of its models Claude Code asks for, it is this one.");
    out.set("ANTHROPIC_DEFAULT_SONNET_MODEL", model, "As above: the one it works with most of the time.");
    out.set("ANTHROPIC_DEFAULT_HAIKU_MODEL", model, "As above: for side tasks such as titles; a second model would have to be loaded beside the first.");
    out.set("CLAUDE_CODE_SUBAGENT_MODEL", model, "Subagents use the same model, and what is kept of its prompts.");
}

// Whatever changes early in a prompt costs the cache everything behind it.
void setSteadyPrompts(Environment& out) {
    out.set("CLAUDE_CODE_ATTRIBUTION_HEADER", "0", "No line that differs in every conversation at the top of each prompt.");
    out.set("CLAUDE_CODE_TOTAL_TOKENS_REMINDER", "off", "No count of tokens left that changes after every tool call.");
    out.set("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1", "No telemetry and no update checks; the prompt is the same each time.");
}

void setPatience(Environment& out) {
    out.set("API_TIMEOUT_MS", "3000000", "A long first prompt may take minutes on a processor: 50 minutes instead of 10.");
    out.set("CLAUDE_STREAM_IDLE_TIMEOUT_MS", "600000", "A slow answer is not given up after 5 silent minutes.");
    out.set("CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK", "1", "An answer that breaks off is asked for again as a stream, which shows progress.");
}

std::size_t outputTokens(std::size_t window) { return std::min(window / 8, kMostOutputTokens); }

void setWindow(Environment& out, std::size_t window) {
    if (window == 0) return;  // better its own guess than none
    out.set("CLAUDE_CODE_MAX_CONTEXT_TOKENS", window, "The model's real window; otherwise a million tokens are assumed.");
    out.set("CLAUDE_CODE_AUTO_COMPACT_WINDOW", std::max(window, kLeastCompactWindow),
            "The conversation is summarised before the smaller of this and the window is full.");
    out.set("CLAUDE_CODE_MAX_OUTPUT_TOKENS", outputTokens(window),
            "The longest answer: an eighth of the window, at most 32000. Claude Code keeps that much of the window free all the time.");
}

std::string tokens(std::size_t count) { return std::to_string(count) + " tokens"; }

// Models with more room, the largest first; else how to get some.
std::string roomierModels(const AgentServer& server, const AgentModel& model) {
    std::vector<AgentModel> larger;
    for (const AgentModel& each : server.models)
        if (each.contextTokens >= kComfortableTokens && each.name != model.name) larger.push_back(each);
    if (larger.empty())
        return "No model here has more room: if this one was trained for more, start the server with --context (and --hot-cache for the "
               "memory), or get a model with a larger window.";
    std::stable_sort(larger.begin(), larger.end(), [](const AgentModel& a, const AgentModel& b) { return a.contextTokens > b.contextTokens; });
    std::string names;
    for (const AgentModel& each : larger) names += (names.empty() ? "" : ", ") + each.name + " (" + tokens(each.contextTokens) + ")";
    return "With more room there " + std::string(larger.size() == 1 ? "is " : "are ") + names + ".";
}

std::string windowWarning(const AgentServer& server, const AgentModel& model) {
    if (model.contextTokens == 0)
        return "The window of " + model.name + " is not known; Claude Code assumes a million tokens, and summarises too late.";
    if (model.contextTokens >= kComfortableTokens) return "";
    const std::size_t keptFree = kKeptFreeTokens + outputTokens(model.contextTokens);
    const bool works = model.contextTokens >= keptFree + kFirstRequestTokens;
    return "The window of " + model.name + " has " + tokens(model.contextTokens) + ". Claude Code's first request alone takes " +
           std::to_string(kFirstRequestTokens) + " or more, and it keeps " + std::to_string(keptFree) + " free: " +
           (works ? "it will summarise the conversation every few turns. " : "it will not work. ") + roomierModels(server, model);
}

}  // namespace

AgentInfo findClaudeCode(const Surroundings& surroundings) {
    AgentInfo info;
    info.id = kClaudeCodeId;
    info.name = "Claude Code";
    info.installHint = "Install it with: npm install -g @anthropic-ai/claude-code";
    std::vector<fs::path> candidates;
    for (const fs::path& folder : surroundings.searchPath()) candidates.push_back(folder / kProgram);
    candidates.push_back(surroundings.home() / ".claude" / "local" / kProgram);
    candidates.push_back(surroundings.home() / ".local" / "bin" / kProgram);
    for (const fs::path& folder : npmFolders(surroundings)) candidates.push_back(folder / kProgram);
    info.program = firstProgram(candidates);
    info.detected = !info.program.empty();
    return info;
}

AgentPlan planClaudeCode(const AgentServer& server, const AgentModel& model, const std::vector<std::string>& more,
                         const Surroundings& surroundings) {
    AgentPlan plan;
    plan.agent = findClaudeCode(surroundings);
    plan.model = model;
    Environment environment;
    setAccess(environment, server);
    setModels(environment, model.name);
    setWindow(environment, model.contextTokens);
    setSteadyPrompts(environment);
    setPatience(environment);
    plan.environment = environment.take();

    if (!givesOption(more, {"--model"})) plan.arguments.insert(plan.arguments.end(), {"--model", model.name});
    // The schema of that tool appears in the middle of a session and changes the beginning of the prompt. With "=": with a space
    // the option takes every word behind it for a tool, the user's prompt too.
    if (!givesOption(more, {"--disallowedTools", "--disallowed-tools"})) plan.arguments.emplace_back("--disallowedTools=LSP");
    plan.arguments.insert(plan.arguments.end(), more.begin(), more.end());

    if (!plan.agent.detected) plan.warnings.push_back(plan.agent.name + " was not found on this machine. " + plan.agent.installHint);
    if (std::string sentence = windowWarning(server, model); !sentence.empty()) plan.warnings.push_back(std::move(sentence));
    for (std::string& sentence : claudeSettingsWarnings(plan.environment, surroundings)) plan.warnings.push_back(std::move(sentence));
    return plan;
}

}  // namespace larder::agents
