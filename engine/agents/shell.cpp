// Commands as a POSIX shell reads them.
#include <algorithm>
#include <string_view>

#include "engine/agents.h"

namespace larder {
namespace {

// Characters that mean nothing to a shell wherever they stand in a word.
bool isPlain(char c) {
    constexpr std::string_view kPlain = "%+,-./:=@_";
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || kPlain.find(c) != std::string_view::npos;
}

// What may be a command's first word unquoted: "X=1" there would be an assignment.
std::string quotedProgram(const std::string& program) {
    const std::string quoted = shellQuoted(program);
    return quoted == program && program.find('=') != std::string::npos ? "'" + program + "'" : quoted;
}

}  // namespace

std::string shellQuoted(const std::string& argument) {
    if (!argument.empty() && std::all_of(argument.begin(), argument.end(), isPlain)) return argument;
    std::string quoted = "'";
    for (const char c : argument) {
        if (c == '\'') quoted += "'\\''";
        else quoted += c;
    }
    return quoted + "'";
}

std::string shellCommand(const AgentPlan& plan, const std::string& secret) {
    std::string line;
    for (const AgentFile& file : plan.files)
        line += "mkdir -p " + shellQuoted(file.path.parent_path().string()) + " && (umask 077; printf %s " + shellQuoted(file.text) + " >" +
                shellQuoted(file.path.string()) + ") && ";
    for (const AgentVariable& variable : plan.environment) {
        const bool hidden = variable.secret && !secret.empty();
        line += variable.name + "=";
        if (hidden) line += secret;
        else if (!variable.value.empty()) line += shellQuoted(variable.value);
        line += ' ';
    }
    line += quotedProgram(plan.agent.program.empty() ? plan.agent.id : plan.agent.program.string());
    for (const std::string& argument : plan.arguments) line += ' ' + shellQuoted(argument);
    return line;
}

std::string shellKey(const AgentServer& server) {
    if (server.keyFile.empty()) return "\"$LARDER_KEY\"";
    return "\"$(cat " + shellQuoted(server.keyFile.string()) + ")\"";
}

}  // namespace larder
