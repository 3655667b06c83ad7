// The language of the window: Larder's own translation and Qt's, as the settings and the desktop ask for. Main thread.
#pragma once

#include <QString>
#include <string>

class QCoreApplication;

namespace larder::app {

// language: Settings::language, "de"; empty: the desktop's; "en": the texts as they are written. Call it before the first
// window is made, once. Gives the code of the language that is shown: "en" where there is no translation.
QString installTranslation(QCoreApplication& application, const std::string& language);

}  // namespace larder::app
