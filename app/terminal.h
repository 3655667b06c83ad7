// Standard input and output as a person or a pipe uses them. Main thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace larder::app {

bool inputIsTerminal();
bool errorsAreTerminal();

// Everything on standard input up to its end.
std::string readAllInput();

// Writes and flushes; false when nobody reads any more or the disk behind it is full.
bool writeOutput(std::string_view text);

// Lines typed by a person.
class LineReader {
public:
    // Blocks. Nothing at the end of input (Ctrl-D), and when stopFd becomes readable.
    std::optional<std::string> read(std::string_view prompt, int stopFd);

private:
    std::string m_unread;
    bool m_ended = false;
};

}  // namespace larder::app
