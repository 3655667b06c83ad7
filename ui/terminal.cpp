#include "ui/terminal.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QProcess>
#include <QStandardPaths>
#include <QVector>

namespace larder::ui {
namespace {

struct TerminalProgram {
    QString program;
    QStringList before;  // arguments in front of the command
};

// How a terminal program takes a command and its arguments; most do as xterm.
QStringList commandOption(const QString& program) {
    const QString name = QFileInfo(program).fileName();
    if (name == QLatin1String("gnome-terminal") || name == QLatin1String("ptyxis") || name == QLatin1String("kgx")) return {QStringLiteral("--")};
    if (name == QLatin1String("xfce4-terminal") || name == QLatin1String("mate-terminal")) return {QStringLiteral("-x")};
    if (name == QLatin1String("kitty") || name == QLatin1String("foot")) return {};
    if (name == QLatin1String("wezterm")) return {QStringLiteral("start"), QStringLiteral("--")};
    return {QStringLiteral("-e")};
}

// Those that are here, the user's own choice first.
QVector<TerminalProgram> terminalPrograms() {
    QStringList lines = {qEnvironmentVariable("TERMINAL")};
    for (const char* name : {"x-terminal-emulator", "gnome-terminal", "konsole", "xfce4-terminal", "mate-terminal", "kgx", "xterm"})
        lines += QString::fromLatin1(name);
    QVector<TerminalProgram> found;
    for (const QString& line : lines) {
        QStringList words = QProcess::splitCommand(line);
        if (words.isEmpty()) continue;
        const QString program = QStandardPaths::findExecutable(words.takeFirst());
        if (!program.isEmpty()) found.append({program, words + commandOption(program)});
    }
    return found;
}

QStringList pausedAfterFailure(const QStringList& command) {
    const QString script = QStringLiteral("\"$@\" || { code=$?; printf '\\n%s ' \"$0\"; read -r answer; exit $code; }");
    const QString words = QCoreApplication::translate("Terminal", "It ended with an error. Press Enter to close this window.");
    return QStringList{QStringLiteral("sh"), QStringLiteral("-c"), script, words} + command;
}

}  // namespace

bool openTerminal(const QStringList& command, const QString& folder) {
    for (const TerminalProgram& terminal : terminalPrograms()) {
        QProcess process;
        process.setProgram(terminal.program);
        process.setArguments(terminal.before + pausedAfterFailure(command));
        process.setWorkingDirectory(folder);
        if (process.startDetached()) return true;
    }
    return false;
}

}  // namespace larder::ui
