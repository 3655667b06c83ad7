// Coding agents on this machine, and what starts each of them on a local model: environment, arguments, and for one that can be
// set up in no other way a file in Larder's base directory. Nothing of the user's is written. Any thread; detecting looks at the disk.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/error.h"

namespace larder {

struct AgentInfo {
    std::string id;                    // "claude"
    std::string name;                  // "Claude Code"
    bool detected = false;
    std::filesystem::path program;     // where it was found
    std::string installCommand;        // "npm install -g @anthropic-ai/claude-code"
};

// A sentence for people in two parts, so that the window can translate the first: "... takes %1 or more" and what stands there.
struct AgentSentence {
    std::string text;
    std::vector<std::string> values = {};
};
using AgentText = std::vector<AgentSentence>;   // one after the other
// Filled in and joined: in English, unless the caller has translated the texts.
std::string plainText(const AgentText& text);

struct AgentVariable {
    std::string name;
    std::string value;                 // may be empty: set to nothing
    AgentText why;                     // one sentence for the page
    bool secret = false;               // shown as dots
};

// In a folder of Larder's own. Holds no key.
struct AgentFile {
    std::filesystem::path path;
    std::string text;
    AgentText why;
};

// A model as far as agents care.
struct AgentModel {
    std::string name;
    std::size_t contextTokens = 0;     // the window a request gets
};

// Where the server is and what there is to run on. Without a key and a key file no key is asked for.
struct AgentServer {
    std::string address;               // "http://127.0.0.1:1337"
    std::string apiKey;                // empty: none is asked for, or it is not made yet
    std::filesystem::path keyFile;     // where the key lies; empty: in no file
    std::vector<AgentModel> models;    // usable ones
    std::filesystem::path baseDir = {};  // Larder's, for files that an agent is pointed to
};

// What would be run. Warnings do not stop it; an Error does.
struct AgentPlan {
    AgentInfo agent;
    AgentModel model;
    std::vector<AgentVariable> environment;
    std::vector<AgentFile> files;      // to be made before the program starts: writeAgentFiles()
    std::vector<std::string> arguments;
    AgentText argumentsWhy;            // what those of ours are for
    std::vector<AgentText> warnings;
};

// What the surroundings are; tests put theirs there. Empty members: the real ones.
struct AgentSurroundings {
    std::function<std::optional<std::string>(const std::string& variable)> environment = {};
    std::filesystem::path home = {};
    std::filesystem::path workingFolder = {};
    std::filesystem::path systemFolder = {};  // where administrators put settings: "/etc"
};

// All that Larder knows, in the order to show them. knownAgents() does not look for them.
std::vector<AgentInfo> knownAgents();
std::vector<AgentInfo> findAgents(const AgentSurroundings& surroundings = {});

// NotFound: no such agent id (lists them), or no such model (lists them). model empty: the one with the largest window, the first
// of several. more: arguments of the user's, appended; what they decide is left to them.
Expected<AgentPlan> planAgent(const std::string& id, const AgentServer& server, const std::string& model,
                              const std::vector<std::string>& more = {}, const AgentSurroundings& surroundings = {});

// Makes the plan's files anew, readable for their owner alone.
Expected<void> writeAgentFiles(const AgentPlan& plan);

// The plan as one line for a POSIX shell, which makes the files too; everything quoted that needs it. secret: a piece of shell written in place of every
// secret value; empty: the values themselves.
std::string shellCommand(const AgentPlan& plan, const std::string& secret = {});

// What makes a POSIX shell fetch the key, so that a command can be copied without it: "$(cat '/home/ada/.larder/api-key')", or,
// where the key lies in no file, "$LARDER_KEY", which the user sets.
std::string shellKey(const AgentServer& server);

// An argument as a POSIX shell reads it back.
std::string shellQuoted(const std::string& argument);

// How other programs reach the server. The key itself is in none: they read it from its file, or from $LARDER_KEY.
struct Snippet {
    std::string id;                    // "curl", "python", "javascript", "codex"
    std::string title;
    std::string text;
};
std::vector<Snippet> agentSnippets(const AgentServer& server, const std::string& model);

}  // namespace larder
