#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "app/child_process.h"

extern char** environ;

namespace larder::app {
namespace {

constexpr std::array<int, 5> kPassedOn = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
constexpr int kExitOfSignal = 128;  // as shells report it

std::atomic<pid_t> g_child{0};
static_assert(std::atomic<pid_t>::is_always_lock_free);

// The terminal sends to the whole group, so the child has such a signal already; a second one would be a second Ctrl-C.
void passOn(int number, siginfo_t* info, void*) {
    const int savedErrno = errno;
    const bool sentByProcess = info->si_code <= 0;
    if (const pid_t child = g_child; child > 0 && sentByProcess) ::kill(child, number);
    errno = savedErrno;
}

// Signals go to the child while this lives; then they mean what they meant before.
class PassedOnSignals {
public:
    PassedOnSignals() {
        for (std::size_t i = 0; i < kPassedOn.size(); ++i) take(i);
    }
    ~PassedOnSignals() {
        g_child = 0;
        for (std::size_t i = 0; i < kPassedOn.size(); ++i) ::sigaction(kPassedOn[i], &m_before[i], nullptr);
    }
    PassedOnSignals(const PassedOnSignals&) = delete;
    PassedOnSignals& operator=(const PassedOnSignals&) = delete;

    // Returns when the shell lets this process go on. Only here does it stop: had Ctrl-Z stopped it too, this could be a second
    // time, after the shell let both go on.
    void stopThisProcess() {
        static_assert(kPassedOn.back() == SIGTSTP);
        ::sigaction(SIGTSTP, &m_before.back(), nullptr);
        (void)::raise(SIGTSTP);
        take(kPassedOn.size() - 1);
    }

private:
    void take(std::size_t i) {
        struct sigaction action {};
        action.sa_sigaction = passOn;
        action.sa_flags = SA_SIGINFO | SA_RESTART;
        ::sigaction(kPassedOn[i], &action, &m_before[i]);
    }
    std::array<struct sigaction, kPassedOn.size()> m_before{};
};

std::vector<std::string> environmentWith(const std::vector<std::pair<std::string, std::string>>& changes) {
    std::vector<std::string> result;
    const auto isChanged = [&](const char* entry) {
        for (const auto& [name, value] : changes)
            if (std::strncmp(entry, name.c_str(), name.size()) == 0 && entry[name.size()] == '=') return true;
        return false;
    };
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry)
        if (!isChanged(*entry)) result.emplace_back(*entry);
    for (const auto& [name, value] : changes) result.push_back(name + "=" + value);
    return result;
}

std::vector<char*> pointersTo(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (std::string& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

// What this process handles means in the child what it means by default; SIGPIPE, which it ignores, too.
Expected<pid_t> spawn(const ChildProgram& child) {
    std::vector<std::string> arguments = {child.program.string()};
    arguments.insert(arguments.end(), child.arguments.begin(), child.arguments.end());
    std::vector<std::string> environment = environmentWith(child.environment);
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    sigset_t defaults;
    sigset_t none;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigemptyset(&none);
    ::posix_spawnattr_setsigdefault(&attributes, &defaults);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    pid_t pid = 0;
    const int failed = ::posix_spawn(&pid, child.program.c_str(), nullptr, &attributes, pointersTo(arguments).data(), pointersTo(environment).data());
    ::posix_spawnattr_destroy(&attributes);
    if (failed != 0) return Error{ErrorCode::Io, child.program.string() + " cannot be started: " + std::strerror(failed)};
    return pid;
}

// The child's next change: an end or a stop; with WNOHANG, 0 where there is none.
pid_t waitForChange(pid_t child, int& status, int how) {
    pid_t changed = 0;
    while ((changed = ::waitpid(child, &status, how)) < 0 && errno == EINTR) {}
    return changed;
}

}  // namespace

Expected<int> runInForeground(const ChildProgram& child) {
    PassedOnSignals passedOn;
    const auto pid = spawn(child);
    if (!pid.ok()) return pid.error();
    g_child = *pid;
    int status = 0;
    pid_t changed = waitForChange(*pid, status, WUNTRACED);
    while (changed > 0) {
        if (WIFEXITED(status)) return WEXITSTATUS(status);
        if (WIFSIGNALED(status)) return kExitOfSignal + WTERMSIG(status);
        if (WIFSTOPPED(status)) {
            // The shell that started us sees only us: stop too. It lets both go on, but who sends a signal to us alone does not;
            // and the child may have stopped again already.
            passedOn.stopThisProcess();
            changed = waitForChange(*pid, status, WUNTRACED | WCONTINUED | WNOHANG);
            if (changed > 0) continue;
            if (changed == 0) ::kill(*pid, SIGCONT);
        }
        changed = waitForChange(*pid, status, WUNTRACED);
    }
    return Error{ErrorCode::Io, std::string("the program's end cannot be waited for: ") + std::strerror(errno)};
}

}  // namespace larder::app
