// Asks the person at the terminal before something is deleted. Main thread; blocks.
#pragma once

#include <string>

namespace larder::app {

enum class Consent { Yes, No, Nobody };  // Nobody: standard input is no terminal

// question: "Delete it?"; " [y/N] " is put behind it.
Consent askConsent(const std::string& question);

}  // namespace larder::app
