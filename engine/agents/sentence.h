// Sentences of agents' plans: written in English where they arise, marked so that the window's translations hold them
// (target update_translations knows the mark, ui/agent_text translates). Any thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/agents.h"

// The text itself. lupdate reads it as QT_TRANSLATE_NOOP; %1, %2 ... are the values.
#define LARDER_TEXT(context, text) text

namespace larder::agents {

inline AgentText sentence(std::string text, std::vector<std::string> values = {}) { return {{std::move(text), std::move(values)}}; }

}  // namespace larder::agents
