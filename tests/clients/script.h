// What a scripted model says: rules read from a JSON file.
//
//   {"rules": [{"find": "TASK-ONE", "say": ["<tool_call>...</tool_call>", "Done."]}, ...], "otherwise": "Nothing to say."}
//
// The rule counts whose "find" comes last in what others than the assistant wrote. It says one text for each answer: the
// first where nothing was answered since, the second after one answer, and so on; the last one again and again.
// Texts are what a model writes, tool calls included. Plain values.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "engine/error.h"

namespace larder::clients {

struct Turn {
    std::string role;
    std::string text;
};

class Script {
public:
    static Expected<Script> read(const std::filesystem::path& path);

    // The answer to these turns.
    const std::string& answer(std::span<const Turn> turns) const;

private:
    struct Rule {
        std::string find;
        std::vector<std::string> say;
    };
    std::vector<Rule> m_rules;
    std::string m_otherwise;
};

}  // namespace larder::clients
