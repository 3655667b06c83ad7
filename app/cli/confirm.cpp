#include "app/cli/confirm.h"

#include "app/terminal.h"

namespace larder::app {
namespace {

constexpr int kNoStop = -1;  // Ctrl-C just ends the program

bool isYes(const std::string& answer) { return answer == "y" || answer == "Y" || answer == "yes" || answer == "Yes" || answer == "YES"; }

}  // namespace

Consent askConsent(const std::string& question) {
    if (!inputIsTerminal()) return Consent::Nobody;
    const auto answer = LineReader().read(question + " [y/N] ", kNoStop);
    return answer && isYes(*answer) ? Consent::Yes : Consent::No;
}

}  // namespace larder::app
