// The models that other programs keep in the Hugging Face cache: HUB/models--ORG--NAME/snapshots/COMMIT/FILE, where FILE is
// a link to a blob. Only read, never changed. Any thread; blocks on the disk.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/hub/catalog.h"

namespace larder::catalog {

// HF_HUB_CACHE, else HF_HOME/hub, else ~/.cache/huggingface/hub (XDG_CACHE_HOME in place of ~/.cache). Empty without a home.
std::filesystem::path huggingFaceCache();

struct CachedModel {
    ModelFiles files;
    std::string repository;  // "org/name", or "name" of the few without an owner
};
// Those of the current commit of every repository, whole ones only. A missing cache is an empty list.
std::vector<CachedModel> findCachedModels(const std::filesystem::path& cache);

}  // namespace larder::catalog
