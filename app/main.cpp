// Larder: the program. Reads the command line and hands over to the command.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <QApplication>
#include <algorithm>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>

#include "app/cli/command.h"
#include "app/terminal.h"
#include "engine/isa.h"

namespace larder::app {

int fail(const std::string& sentence) {
    std::cerr << "larder: " << sentence << std::endl;
    return kExitFailed;
}

namespace {

// Qt's remarks (about locales, plugins) are not for users; what matters comes back as an Error.
void dropQtMessage(QtMsgType type, const QMessageLogContext&, const QString& message) {
    if (type == QtFatalMsg && message.contains(QLatin1String("platform plugin"))) {
        std::fprintf(stderr, "larder: the display cannot be reached; use \"larder serve\" to run without one\n");
        std::_Exit(kExitFailed);  // Qt would abort with a core dump
    }
    if (type == QtCriticalMsg || type == QtFatalMsg) std::fprintf(stderr, "larder: %s\n", qPrintable(message));
}

// Without one Qt would end the process.
bool hasDisplay() {
    const auto set = [](const char* name) { return !qEnvironmentVariableIsEmpty(name); };
    return set("DISPLAY") || set("WAYLAND_DISPLAY") || set("QT_QPA_PLATFORM");
}

int usageError(const CLI::ParseError& error) {
    std::string sentence = error.what();
    std::replace(sentence.begin(), sentence.end(), '\n', ' ');
    fail(sentence + " (larder --help shows what there is)");
    return kExitUsage;
}

int runCommand(int argc, char** argv) {
    CLI::App root("Larder serves local language models.", "larder");
    root.set_version_flag("--version", "larder " LARDER_VERSION);
    root.require_subcommand(0, 1);
    root.get_formatter()->column_width(36);

    Options options;
    Chosen chosen = [&options] { return tray(options); };
    addFolderOptions(root, options);
    addServerOptions(root, options);
    addComputeOptions(root, options);
    root.add_flag("--hidden", options.hidden, "Only the tray icon, no window (as at login)");
    addServe(root, options, chosen);
    addRun(root, options, chosen);
    addLaunch(root, options, chosen);
    addPull(root, options, chosen);
    addList(root, options, chosen);
    addShow(root, options, chosen);
    addRm(root, options, chosen);
    addStatus(root, options, chosen);
    addCache(root, options, chosen);
    addBench(root, options, chosen);
    root.add_subcommand("version", "Show the version")->callback([&chosen] {
        chosen = [] { return writeOutput("larder " LARDER_VERSION "\n") ? kExitOk : kExitFailed; };
    });

    try {
        root.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return error.get_exit_code() == 0 ? root.exit(error) : usageError(error);
    }
    if (const auto isa = chosenIsa(); !isa.ok()) {
        fail(isa.error());
        return kExitUsage;
    }

    const bool wantsWindow = root.get_subcommands().empty();
    if (wantsWindow && !hasDisplay()) return fail("there is no display here; use \"larder serve\" to run without one");
    qInstallMessageHandler(dropQtMessage);
    std::unique_ptr<QCoreApplication> application;
    if (wantsWindow) application = std::make_unique<QApplication>(argc, argv);
    else application = std::make_unique<QCoreApplication>(argc, argv);
    // Qt took over the user's locale; numbers in files and on the wire have a point everywhere.
    std::setlocale(LC_NUMERIC, "C");
    return chosen();
}

}  // namespace
}  // namespace larder::app

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away is an error of one write, not the end
    return larder::app::runCommand(argc, argv);
}
