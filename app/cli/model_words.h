// A model's facts as the commands say them: JSON for programs, words for people. Any thread.
#pragma once

#include <QJsonObject>
#include <string>

#include "engine/machine.h"
#include "engine/models.h"

namespace larder::app {

// Every fact of the model and its fit; unknown ones are null or empty.
QJsonObject modelJson(const ModelInfo& model, const Machine& machine);

const char* fitWord(Fit verdict);            // "good", "tight", "too big", "unknown"
const char* sourceWords(ModelSource source);  // "model folder", "Hugging Face cache"

}  // namespace larder::app
