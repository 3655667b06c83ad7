// The commands of the command line (design §9), one file each. A command adds itself to the parser; when the user names
// it, `chosen` becomes what runs it and gives the exit code. Main thread.
#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <string>

#include "app/cli/options.h"
#include "engine/error.h"

namespace larder::app {

enum ExitCode : int { kExitOk = 0, kExitFailed = 1, kExitUsage = 2 };

using Chosen = std::function<int()>;

// The options live as long as the parser; the commands share them.
void addServe(CLI::App& root, Options& options, Chosen& chosen);
void addRun(CLI::App& root, Options& options, Chosen& chosen);
void addList(CLI::App& root, Options& options, Chosen& chosen);
void addBench(CLI::App& root, Options& options, Chosen& chosen);
void addPull(CLI::App& root, Options& options, Chosen& chosen);
void addShow(CLI::App& root, Options& options, Chosen& chosen);
void addRm(CLI::App& root, Options& options, Chosen& chosen);
void addStatus(CLI::App& root, Options& options, Chosen& chosen);
void addLaunch(CLI::App& root, Options& options, Chosen& chosen);
void addCache(CLI::App& root, Options& options, Chosen& chosen);
void addCacheWhy(CLI::App& cache, Options& options, Chosen& chosen);  // a verb of larder cache

int serve(const Options& options);

// What a bare `larder` does: the tray app. REQUIRES a QApplication.
int tray(const Options& options);

// Prints "larder: <sentence>" on standard error and gives the exit code: kExitFailed.
int fail(const std::string& sentence);
inline int fail(const Error& error) { return fail(error.message); }

}  // namespace larder::app
