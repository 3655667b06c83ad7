#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QSaveFile>
#include <QStandardPaths>

#include "app/autostart.h"

namespace larder::app {
namespace {

QString entryPath() {
    return QStandardPaths::writableLocation(QStandardPaths::ConfigLocation) + QStringLiteral("/autostart/larder.desktop");
}

// Quoting of the Exec key (Desktop Entry Specification, "The Exec key"): inside double quotes ", `, $ and \ take a backslash,
// which the general rule for strings doubles; a percent sign is written twice.
QString quotedArgument(const QString& argument) {
    QString quoted = QStringLiteral("\"");
    for (const QChar c : argument) {
        if (c == u'"' || c == u'`' || c == u'$') quoted += QStringLiteral("\\\\");
        if (c == u'\\') quoted += QStringLiteral("\\\\\\");
        if (c == u'%') quoted += u'%';
        quoted += c;
    }
    return quoted + u'"';
}

}  // namespace

LoginAutostart::LoginAutostart(QStringList arguments) : m_arguments(std::move(arguments)) {}

bool LoginAutostart::enabled() const { return QFile::exists(entryPath()); }

Expected<void> LoginAutostart::set(bool enabled) {
    const QString path = entryPath();
    const Error refused{ErrorCode::Io, path.toStdString() + " cannot be written: check the permissions of its folder"};
    if (!enabled) {
        if (QFile::exists(path) && !QFile::remove(path)) return refused;
        return {};
    }
    if (!QDir().mkpath(QFileInfo(path).absolutePath())) return refused;
    QString command = quotedArgument(QCoreApplication::applicationFilePath()) + QStringLiteral(" --hidden");
    for (const QString& argument : m_arguments) command += u' ' + quotedArgument(argument);
    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly)) return refused;
    file.write("[Desktop Entry]\nType=Application\nName=Larder\nComment=Serves local language models\nIcon=larder\nTerminal=false\n"
               "X-GNOME-Autostart-enabled=true\nExec=" +
               command.toUtf8() + "\n");
    if (!file.commit()) return refused;
    return {};
}

}  // namespace larder::app
