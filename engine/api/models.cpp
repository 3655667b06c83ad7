#include "engine/api/models.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "engine/api/prompt.h"
#include "engine/base/json.h"
#include "engine/documents.h"

namespace larder::api {
namespace {

ModelStatus statusOf(const Generator& generator, const std::string& name) {
    for (const ModelStatus& model : generator.status().models)
        if (model.name == name) return model;
    return {};
}

base::Json modelJson(const Generator& generator, const ModelInfo& model) {
    const ModelStatus status = statusOf(generator, model.name);
    const std::size_t window = generator.contextTokens(model);
    base::Json entry;
    entry["id"] = model.name;
    entry["object"] = "model";
    entry["created"] = model.modifiedSeconds;
    entry["owned_by"] = "larder";
    entry["context_length"] = window;
    entry["max_model_len"] = window;
    entry["trained_context_length"] = model.contextTokens;
    entry["architecture"] = model.architecture;
    entry["quantization"] = model.quantisation;
    entry["size_bytes"] = model.fileBytes;
    entry["loaded"] = status.state == ModelState::Loaded;
    entry["state"] = stateWord(status.state);
    if (!status.failure.empty()) entry["failure"] = status.failure;
    return entry;
}

}  // namespace

std::string modelListBody(Generator& generator) {
    generator.refreshModels();
    base::Json body;
    body["object"] = "list";
    base::Json& usable = body["data"] = base::Json::array();
    base::Json unusable = base::Json::array();
    for (const ModelInfo& model : generator.models()) {
        if (model.problem.empty())
            usable.push_back(modelJson(generator, model));
        else
            unusable.push_back({{"id", model.name}, {"problem", model.problem}});
    }
    if (!unusable.empty()) body["unusable"] = std::move(unusable);
    return base::dumpJson(body);
}

Expected<std::string> modelBody(Generator& generator, const std::string& name) {
    Expected<ModelInfo> model = findNamedModel(generator, name);
    if (!model) return model.error();
    return base::dumpJson(modelJson(generator, *model));
}

}  // namespace larder::api
