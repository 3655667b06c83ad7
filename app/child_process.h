// Another program on this terminal, in this process's place until it ends. Main thread.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "engine/error.h"

namespace larder::app {

struct ChildProgram {
    std::filesystem::path program;
    std::vector<std::string> arguments;
    std::vector<std::pair<std::string, std::string>> environment;  // over what this process has
};

// Runs it with this process's input, output and working folder until it ends; the result is its exit code, 128 and the number
// of the signal that ended it. What the terminal sends (Ctrl-C) reaches it by itself and leaves this process alone; a signal
// sent to this process is passed on. When it stops (Ctrl-Z), so does this process, until both go on. Error: it cannot be started.
Expected<int> runInForeground(const ChildProgram& child);

}  // namespace larder::app
