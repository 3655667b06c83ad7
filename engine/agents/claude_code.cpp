// Claude Code, the coding agent on the command line by Anthropic: environment alone. What it sends and why each variable is needed was
// measured with version 2.1.328.
#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

#include "engine/agents/agent.h"
#include "engine/agents/claude_settings.h"
#include "engine/agents/sentence.h"

namespace larder::agents {
namespace {

namespace fs = std::filesystem;

// It summarises the conversation once less than this and the longest answer are left (measured with 2.1.197).
constexpr std::size_t kKeptFreeTokens = 13'000;
// Version 2.1.328 takes a smaller value for this one, and says so at every start. The smaller of the two windows counts.
constexpr std::size_t kLeastCompactWindow = 100'000;

bool givesOption(const std::vector<std::string>& arguments, std::initializer_list<std::string_view> names) {
    return std::any_of(arguments.begin(), arguments.end(), [&](const std::string& argument) {
        return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
            return argument.starts_with(name) && (argument.size() == name.size() || argument[name.size()] == '=');
        });
    });
}

void setAccess(AgentPlan& plan, const AgentServer& server) {
    setVariable(plan, "ANTHROPIC_BASE_URL", server.address, {LARDER_TEXT("AgentText", "Requests go to Larder instead of Anthropic.")});
    const bool asks = asksForKey(server);
    setVariable(plan, "ANTHROPIC_AUTH_TOKEN", keyOrAny(server),
                {asks ? LARDER_TEXT("AgentText", "Larder's API key.")
                      : LARDER_TEXT("AgentText", "Claude Code asks to log in unless there is one; Larder asks for none.")},
                asks);
    setVariable(plan, "ANTHROPIC_API_KEY", "", {LARDER_TEXT("AgentText", "A key of yours for Anthropic is neither used nor sent to Larder.")});
}

void setModels(AgentPlan& plan, const std::string& model) {
    setVariable(plan, "ANTHROPIC_DEFAULT_OPUS_MODEL", model,
        {LARDER_TEXT("AgentText", "Whichever of its models Claude Code asks for, it is this one.")});
    setVariable(plan, "ANTHROPIC_DEFAULT_SONNET_MODEL", model, {LARDER_TEXT("AgentText", "As above: the one it works with most of the time.")});
    setVariable(plan, "ANTHROPIC_DEFAULT_HAIKU_MODEL", model,
        {LARDER_TEXT("AgentText", "As above: for side tasks such as titles; a second model would have to be loaded beside the first.")});
    setVariable(plan, "CLAUDE_CODE_SUBAGENT_MODEL", model,
        {LARDER_TEXT("AgentText", "Subagents use the same model, and what is kept of its prompts.")});
}

// Whatever changes early in a prompt costs the cache everything behind it.
void setSteadyPrompts(AgentPlan& plan) {
    setVariable(plan, "CLAUDE_CODE_ATTRIBUTION_HEADER", "0",
        {LARDER_TEXT("AgentText", "No line that differs in every conversation at the top of each prompt.")});
    setVariable(plan, "CLAUDE_CODE_TOTAL_TOKENS_REMINDER", "off",
        {LARDER_TEXT("AgentText", "No count of tokens left that changes after every tool call.")});
    setVariable(plan, "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1",
        {LARDER_TEXT("AgentText", "No telemetry and no update checks; the prompt is the same each time.")});
}

void setPatience(AgentPlan& plan) {
    setVariable(plan, "API_TIMEOUT_MS", "3000000",
        {LARDER_TEXT("AgentText", "A long first prompt may take minutes on a processor: 50 minutes instead of 10.")});
    setVariable(plan, "CLAUDE_STREAM_IDLE_TIMEOUT_MS", "600000",
        {LARDER_TEXT("AgentText", "A slow answer is not given up after 5 silent minutes.")});
    setVariable(plan, "CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK", "1",
        {LARDER_TEXT("AgentText", "An answer that breaks off is asked for again as a stream, which shows progress.")});
}

void setWindow(AgentPlan& plan, std::size_t window) {
    if (window == 0) return;  // better its own guess than none
    setVariable(plan, "CLAUDE_CODE_MAX_CONTEXT_TOKENS", std::to_string(window),
        {LARDER_TEXT("AgentText", "The model's real window; otherwise a million tokens are assumed.")});
    setVariable(plan, "CLAUDE_CODE_AUTO_COMPACT_WINDOW", std::to_string(std::max(window, kLeastCompactWindow)),
        {LARDER_TEXT("AgentText", "The conversation is summarised before the smaller of this and the window is full.")});
    setVariable(plan, "CLAUDE_CODE_MAX_OUTPUT_TOKENS", std::to_string(outputTokens(window)),
        {LARDER_TEXT("AgentText", "The longest answer: an eighth of the window, at most 32000. Claude Code keeps that much of the window free "
                                  "all the time.")});
}

std::size_t claudeKeptFree(std::size_t window) { return kKeptFreeTokens + outputTokens(window); }

std::vector<fs::path> claudeFolders(const Surroundings& around) { return {around.home() / ".claude" / "local"}; }

void setUpClaude(const PlanInput& input, AgentPlan& plan) {
    setAccess(plan, input.server);
    setModels(plan, input.model.name);
    setWindow(plan, input.model.contextTokens);
    setSteadyPrompts(plan);
    setPatience(plan);
    if (!givesOption(input.more, {"--model"})) plan.arguments.insert(plan.arguments.end(), {"--model", input.model.name});
    // With "=": with a space the option takes every word behind it for a tool, the user's prompt too.
    if (!givesOption(input.more, {"--disallowedTools", "--disallowed-tools"})) plan.arguments.emplace_back("--disallowedTools=LSP");
    plan.argumentsWhy =
        {{LARDER_TEXT("AgentText", "The model, and without a tool whose schema appears in the middle of a session and changes the beginning of "
                                   "the prompt.")}};
    warnOfClaudeSettings(input.surroundings, plan);
}

}  // namespace

// Its first request: version 2.1.328 takes 48 to 56 KB, 2.1.197 takes 76.
const Agent kClaudeCode = {"claude", "Claude Code", "claude", "@anthropic-ai/claude-code", claudeFolders, {12'000, 48'000, claudeKeptFree}, setUpClaude};

}  // namespace larder::agents
