// The command that starts an agent on a model of this Larder. Pure functions of what they are given; GUI thread.
#pragma once

#include <QString>
#include <QStringList>
#include <string>

#include "engine/settings.h"

namespace larder::ui {

// program: what to call for `larder`. Names the base directory where a plain `larder` would take another.
QStringList launchCommand(const QString& program, const std::string& agent, const std::string& model, const Settings& settings);

// What a shell has to be told to run this program: "larder" where that is found by name, else its path.
QString larderForShell();

// One line for a shell.
QString shellLine(const QStringList& words);

}  // namespace larder::ui
