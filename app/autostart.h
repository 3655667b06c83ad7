// Start at login, the desktop's own way. GUI thread only.
#pragma once

#include <QString>

#include "ui/autostart.h"

namespace larder::app {

// Linux: larder.desktop in the user's autostart folder (freedesktop.org, Desktop Application Autostart Specification).
class LoginAutostart : public ui::Autostart {
public:
    // arguments: what the program is to be started with besides --hidden ("--base-dir", "/data/larder").
    explicit LoginAutostart(QStringList arguments);

    bool enabled() const override;
    Expected<void> set(bool enabled) override;

private:
    QStringList m_arguments;
};

}  // namespace larder::app
