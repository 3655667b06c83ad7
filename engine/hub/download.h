// One choice of files from the hub to the model folder: the body of downloadChoice() in engine/downloads.h, with the limits as
// parameters, and where its files lie.
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "engine/downloads.h"
#include "engine/error.h"
#include "engine/hub.h"
#include "engine/hub/transfer.h"

namespace larder::hub {

struct DownloadPlace {
    std::filesystem::path folder;  // of the model
    struct File {
        RepositoryFile source;
        std::filesystem::path path;
    };
    std::vector<File> files;       // in the order in which they get their names: what makes it a model comes last
    std::filesystem::path model;   // what a finished download returns
};

std::filesystem::path modelDirOf(const Settings& settings);
Expected<void> makeModelDir(const Settings& settings);  // and the base directory

// Where the files of a choice go. InvalidArgument for names that would leave the model folder, hide or collide. The parts of a
// GGUF model lie directly in its folder, wherever the repository has them: the catalog looks no deeper.
Expected<DownloadPlace> placeDownload(const std::filesystem::path& modelDir, const std::string& repository,
                                      const DownloadChoice& choice);

Expected<std::filesystem::path> downloadTo(const DownloadPlace& place, const HubAccess& access, const Repository& repository,
                                           std::size_t connections, const TransferLimits& limits,
                                           const std::function<bool(const DownloadProgress&)>& progress);

// Deletes what an unfinished download left, and the folders that are empty then (never modelDir).
void discardDownload(const std::filesystem::path& modelDir, const DownloadPlace& place);

}  // namespace larder::hub
