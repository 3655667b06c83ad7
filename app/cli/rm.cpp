#include <CLI/Option.hpp>
#include <memory>

#include "app/cli/command.h"
#include "app/cli/confirm.h"
#include "app/terminal.h"
#include "engine/models.h"

namespace larder::app {
namespace {

// Empty, or why this model is not Larder's to delete; said before anybody is asked. removeModel has the last word.
std::string findObstacle(const ModelInfo& model, const Settings& settings) {
    if (model.source == ModelSource::HuggingFaceCache)
        return model.name + " is in the Hugging Face cache, which other programs use too, so Larder does not delete it: it lies in " +
               model.path.string();
    const auto inside = [](const std::filesystem::path& path, const std::filesystem::path& folder) {
        const auto relative = path.lexically_normal().lexically_relative(folder.lexically_normal());
        return !relative.empty() && *relative.begin() != "..";
    };
    std::error_code ignored;
    if (inside(std::filesystem::absolute(model.path, ignored), settings.modelDir) ||
        inside(std::filesystem::weakly_canonical(model.path, ignored), std::filesystem::weakly_canonical(settings.modelDir, ignored)))
        return "";
    return model.path.string() + " is not in the model folder " + settings.modelDir.string() + ", so Larder does not delete it";
}

int rm(const Options& options, const std::string& name, bool sure) {
    const auto settings = options.settings();
    if (!settings.ok()) return fail(settings.error());
    const auto model = resolveModel(name, *settings);
    if (!model.ok()) return fail(model.error());
    if (const std::string obstacle = findObstacle(*model, *settings); !obstacle.empty()) return fail(obstacle);
    const std::string size = readableBytes(model->fileBytes);
    if (!sure) {
        const Consent consent = askConsent("Delete " + model->name + " (" + size + ", " + model->path.string() + ")?");
        if (consent == Consent::Nobody) {
            fail("nobody can be asked whether to delete " + model->name + ": add --yes");
            return kExitUsage;
        }
        if (consent == Consent::No) return fail("nothing was deleted");
    }
    const auto removed = removeModel(*model, *settings);
    if (!removed.ok()) return fail(removed.error());
    return writeOutput("deleted " + model->name + ": " + size + " are free again\n") ? kExitOk : fail("standard output cannot be written");
}

}  // namespace

void addRm(CLI::App& root, Options& options, Chosen& chosen) {
    CLI::App* command = root.add_subcommand("rm", "Delete a model");
    auto name = std::make_shared<std::string>();
    auto sure = std::make_shared<bool>(false);
    command->add_option("model", *name, "A name from larder list")->required();
    command->add_flag("--yes", *sure, "Do not ask");
    addFolderOptions(*command, options);
    command->callback([&options, &chosen, name, sure] { chosen = [&options, name, sure] { return rm(options, *name, *sure); }; });
}

}  // namespace larder::app
