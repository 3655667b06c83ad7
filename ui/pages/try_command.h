// A command line that asks the server one question, ready to paste into a shell. Pure functions.
#pragma once

#include <QString>

#include "engine/service.h"

namespace larder::ui {

// The model to try: the loaded one, else the default, else the first that runs; empty when there is none.
std::string modelToTry(const ServiceSnapshot& snapshot);

// Quoted for sh, whatever is in the names. key is put in as it is; an empty one leaves the header out.
QString tryCommand(const ServiceSnapshot& snapshot, const QString& key);

}  // namespace larder::ui
