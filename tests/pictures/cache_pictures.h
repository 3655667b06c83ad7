// The Cache page in the states a user meets, and the figures that it and Overview show. GUI thread.
#pragma once

#include "engine/service.h"
#include "tests/pictures/photographer.h"
#include "tests/support/scripted_service.h"
#include "ui/engine_model.h"
#include "ui/main_window.h"

namespace larder::pictures {

// A disk cache in use, requests that read from it, and what all runs brought.
void setCache(ServiceSnapshot& snapshot);

// Leaves the service and the window as they were.
void takeCache(Photographer& photographer, support::ScriptedService& service, ui::EngineModel& model, ui::MainWindow& window);

}  // namespace larder::pictures
