// One agent that Larder can start: what it is called, where it lies, what it needs, and how it is set up. The list is agents.cpp's.
// Any thread; setting up reads settings files.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "engine/agents.h"
#include "engine/agents/surroundings.h"

namespace larder::agents {

// How a conversation fits a window, in tokens.
struct WindowNeed {
    std::size_t firstRequest = 0;              // its instructions and tools, before anything was asked
    std::size_t comfortable = 0;               // from here on there is room for some turns between two summaries
    std::size_t (*keptFree)(std::size_t window) = nullptr;  // it summarises once less than this is left
};

struct PlanInput {
    const AgentServer& server;
    const AgentModel& model;
    const std::vector<std::string>& more;      // the user's arguments; they follow ours
    const Surroundings& surroundings;
};

struct Agent {
    const char* id;
    const char* name;
    const char* program;
    const char* package;                       // of npm
    std::vector<std::filesystem::path> (*ownFolders)(const Surroundings&);  // of its own installer
    WindowNeed need;
    // Adds environment, arguments, files, and warnings about settings of the user's that win over ours.
    void (*setUp)(const PlanInput&, AgentPlan&);
};

extern const Agent kClaudeCode;
extern const Agent kCodex;
extern const Agent kOpenCode;
extern const Agent kQwenCode;

// The longest answer to ask for: an eighth of the window, at most 32000. Agents keep that much of it free all the time.
std::size_t outputTokens(std::size_t window);

// Adds a variable.
void setVariable(AgentPlan& plan, std::string name, std::string value, AgentSentence why, bool secret = false);
// The one that holds the key, for agents that take the name of any.
inline constexpr const char* kKeyVariable = "LARDER_KEY";
void setKeyVariable(AgentPlan& plan, const AgentServer& server);
bool asksForKey(const AgentServer& server);
std::string keyOrAny(const AgentServer& server);  // agents want one even where the server does not

}  // namespace larder::agents
