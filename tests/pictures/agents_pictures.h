// The Agents page in the states a user meets. GUI thread.
#pragma once

#include "tests/pictures/photographer.h"
#include "tests/support/scripted_service.h"
#include "ui/engine_model.h"
#include "ui/main_window.h"

namespace larder::pictures {

// Leaves the service and the window as they were.
void takeAgents(Photographer& photographer, support::ScriptedService& service, ui::EngineModel& model, ui::MainWindow& window);

}  // namespace larder::pictures
