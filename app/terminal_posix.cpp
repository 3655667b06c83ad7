#include "app/terminal.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace larder::app {
namespace {

// Appends what is there now, blocking for the first byte; false at the end of input.
bool readSome(std::string& out) {
    char buffer[16384];
    ssize_t got = 0;
    while ((got = ::read(STDIN_FILENO, buffer, sizeof buffer)) < 0 && errno == EINTR) {}
    if (got > 0) out.append(buffer, static_cast<std::size_t>(got));
    return got > 0;
}

// True when standard input has something (or ended), false when stopFd has.
bool waitForInput(int stopFd) {
    pollfd watched[] = {{stopFd, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    while (::poll(watched, 2, -1) < 0 && errno == EINTR) {}
    return (watched[0].revents & POLLIN) == 0;
}

}  // namespace

bool inputIsTerminal() { return ::isatty(STDIN_FILENO) == 1; }

bool errorsAreTerminal() { return ::isatty(STDERR_FILENO) == 1; }

std::string readAllInput() {
    std::string text;
    while (readSome(text)) {}
    return text;
}

bool writeOutput(std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

std::optional<std::string> LineReader::read(std::string_view prompt, int stopFd) {
    if (!writeOutput(prompt)) return std::nullopt;
    for (;;) {
        const auto end = m_unread.find('\n');
        if (end != std::string::npos) {
            std::string line = m_unread.substr(0, end);
            m_unread.erase(0, end + 1);
            return line;
        }
        if (m_ended) {
            if (m_unread.empty()) return std::nullopt;
            return std::exchange(m_unread, {});
        }
        if (!waitForInput(stopFd)) return std::nullopt;
        m_ended = !readSome(m_unread);
    }
}

}  // namespace larder::app
