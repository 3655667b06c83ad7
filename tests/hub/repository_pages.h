// Pages as the hub writes them, and what is made of them, for the tests of repositories.
#pragma once

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/json.h"
#include "engine/hub.h"
#include "engine/hub/repository_choices.h"
#include "engine/hub/repository_listing.h"

namespace larder::support {

using base::Json;

inline const std::string kCommit = "0123456789abcdef0123456789abcdef01234567";
inline const std::string kSum(64, 'a');

inline Machine machineOf(double gigabytes) {
    Machine machine;
    machine.memoryBytes = static_cast<std::uint64_t>(gigabytes * 1e9);
    return machine;
}

inline Json fileEntry(const std::string& path, std::uint64_t bytes) {
    return {{"rfilename", path}, {"size", bytes}, {"lfs", {{"sha256", kSum}, {"size", bytes}, {"pointerSize", 135}}}};
}

// A listing with these files, as the hub writes it.
inline Json pageWith(const std::vector<std::pair<std::string, std::uint64_t>>& files,
                     const std::string& architecture = "llama", std::uint64_t parameters = 0) {
    Json page = {{"id", "org/name"}, {"sha", kCommit}, {"gated", false}, {"siblings", Json::array()}};
    for (const auto& [path, bytes] : files) page["siblings"].push_back(fileEntry(path, bytes));
    page["gguf"] = {{"architecture", architecture}, {"context_length", 8192}};
    if (parameters > 0) page["gguf"]["total"] = parameters;
    return page;
}

inline std::vector<DownloadChoice> choicesOf(const Json& page, double gigabytes = 64) {
    const auto listing = hub::readListing(page, "org/name");
    EXPECT_TRUE(listing.ok()) << listing.error().message;
    return listing.ok() ? hub::makeChoices(*listing, machineOf(gigabytes)) : std::vector<DownloadChoice>();
}

inline std::vector<std::string> labelsOf(const std::vector<DownloadChoice>& choices) {
    std::vector<std::string> labels;
    for (const DownloadChoice& choice : choices) labels.push_back(choice.label);
    return labels;
}

inline std::vector<std::string> pathsOf(const DownloadChoice& choice) {
    std::vector<std::string> paths;
    for (const RepositoryFile& file : choice.files) paths.push_back(file.path);
    return paths;
}

inline const DownloadChoice& named(const std::vector<DownloadChoice>& choices, const std::string& label) {
    static const DownloadChoice kNone;
    for (const DownloadChoice& choice : choices)
        if (choice.label == label) return choice;
    ADD_FAILURE() << "no choice " << label << " in " << testing::PrintToString(labelsOf(choices));
    return kNone;
}

}  // namespace larder::support
