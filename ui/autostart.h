// Start at login, as the operating system keeps it: app has one class for each system. GUI thread only; quick.
#pragma once

#include "engine/error.h"

namespace larder::ui {

class Autostart {
public:
    virtual ~Autostart() = default;
    virtual bool enabled() const = 0;
    virtual Expected<void> set(bool on) = 0;   // PermissionDenied, Io: one sentence
};

}  // namespace larder::ui
