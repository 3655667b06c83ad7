// What the hub says about a repository, read out of its JSON and vetted: names and paths are safe to use on this disk,
// numbers are numbers. The hub is not trusted; anything odd in what matters is a Corrupt error. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/base/json.h"
#include "engine/error.h"
#include "engine/hub.h"

namespace larder::hub {

struct RepositoryListing {
    std::string id;
    std::string commit;  // 40 hex digits, or empty when the page does not say
    bool gated = false;
    std::string license;
    std::string architecture;           // of the GGUF files; empty when the hub does not say
    std::uint64_t parameters = 0;       // number of weights; 0 = unknown
    std::size_t contextTokens = 0;      // 0 = unknown
    std::vector<RepositoryFile> files;  // by path; without those whose path is not safe
    bool hasAllSizes = true;            // else the tree must be asked
};

// The page api/models/ID/revision/REV?blobs=true.
Expected<RepositoryListing> readListing(const base::Json& page, const std::string& asked);

// One page of api/models/ID/tree/REV?recursive=true: sizes and sums for the files of listing, and files it lacks.
Expected<void> addTreePage(const base::Json& page, RepositoryListing& listing);

// The page api/models?search=...; entries that make no sense are passed over.
Expected<std::vector<SearchResult>> readSearchResults(const base::Json& page, std::size_t limit);

bool isCommit(const std::string& text);

}  // namespace larder::hub
