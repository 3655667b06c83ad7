#include "ui/pages/launch_command.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QStandardPaths>

#include "engine/agents.h"

namespace larder::ui {

QStringList launchCommand(const QString& program, const std::string& agent, const std::string& model, const Settings& settings) {
    QStringList words = {program, QStringLiteral("launch"), QString::fromStdString(agent), QStringLiteral("--model"), QString::fromStdString(model)};
    if (settings.baseDir != defaultBaseDir()) words << QStringLiteral("--base-dir") << QString::fromStdString(settings.baseDir.string());
    return words;
}

QString larderForShell() {
    const QString own = QCoreApplication::applicationFilePath();
    const QString named = QStandardPaths::findExecutable(QStringLiteral("larder"));
    const bool same = !named.isEmpty() && QFileInfo(named).canonicalFilePath() == QFileInfo(own).canonicalFilePath();
    return same ? QStringLiteral("larder") : own;
}

QString shellLine(const QStringList& words) {
    QStringList quoted;
    for (const QString& word : words) quoted += QString::fromStdString(larder::shellQuoted(word.toStdString()));
    return quoted.join(QLatin1Char(' '));
}

}  // namespace larder::ui
