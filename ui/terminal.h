// A terminal window of the desktop with a command in it. GUI thread only.
#pragma once

#include <QString>
#include <QStringList>

namespace larder::ui {

// Opens the user's terminal program ($TERMINAL, else what the desktop has) in this folder. When the command fails, the window
// stays until Enter is pressed, so that one can read why. False: there is none, or it cannot be started.
bool openTerminal(const QStringList& command, const QString& folder);

}  // namespace larder::ui
