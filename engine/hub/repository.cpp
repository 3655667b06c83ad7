// Repositories of the hub: engine/hub.h.
#include <algorithm>

#include "engine/hub.h"
#include "engine/hub/hf_client.h"
#include "engine/hub/model_name.h"
#include "engine/hub/repository_choices.h"
#include "engine/hub/repository_listing.h"

namespace larder {
namespace {

std::string modelUrl(const HubAccess& access, const std::string& id) {
    return access.endpoint + "/api/models/" + id;
}

// Mirrors that do not know the option blobs give names without sizes; the tree has both, in pages.
Expected<void> addSizes(hub::HfClient& client, const HubAccess& access, hub::RepositoryListing& listing,
                        const std::string& revision) {
    constexpr int kMaxPages = 200;
    std::string url = modelUrl(access, listing.id) + "/tree/" + hub::urlEncoded(revision) + "?recursive=true";
    listing.files.clear();
    for (int i = 0; i < kMaxPages && !url.empty(); ++i) {
        const auto page = client.get(url, listing.id);
        if (!page.ok()) return page.error();
        if (const auto added = hub::addTreePage(page->json, listing); !added.ok()) return added;
        url = page->nextUrl;
        if (listing.commit.empty() && hub::isCommit(page->repoCommit)) listing.commit = page->repoCommit;
    }
    if (!url.empty()) return Error{ErrorCode::Corrupt, listing.id + " has too many files to be a model"};
    return {};
}

bool sameWithoutCase(const std::string& a, const std::string& b) {
    return hub::lowerCaseName(a) == hub::lowerCaseName(b);
}

std::string listedLabels(const Repository& repository) {
    constexpr std::size_t kShown = 20;
    std::string labels;
    for (std::size_t i = 0; i < repository.choices.size() && i < kShown; ++i)
        labels += (i > 0 ? ", " : "") + repository.choices[i].label;
    if (repository.choices.size() > kShown)
        labels += " and " + std::to_string(repository.choices.size() - kShown) + " more";
    return labels;
}

bool holdsFile(const DownloadChoice& choice, const std::string& path) {
    return std::any_of(choice.files.begin(), choice.files.end(),
                       [&](const RepositoryFile& file) { return file.path == path; });
}

// The first rule that any choice meets decides; nothing when none does.
template <class... Rules>
std::vector<const DownloadChoice*> firstMatches(const Repository& repository, const Rules&... rules) {
    std::vector<const DownloadChoice*> found;
    const auto select = [&](const auto& rule) {
        for (const DownloadChoice& choice : repository.choices)
            if (rule(choice)) found.push_back(&choice);
        return !found.empty();
    };
    (void)(select(rules) || ...);
    return found;
}

}  // namespace

Expected<Repository> listRepository(const HubAccess& access, const std::string& id, const std::string& revision,
                                    const Machine& machine, const std::function<bool()>& stop) {
    if (!hub::isRepositoryId(id))
        return Error{ErrorCode::InvalidArgument, "this is no Hugging Face name: write it like organisation/model"};
    const std::string wanted = revision.empty() ? "main" : revision;
    if (!hub::isRevision(wanted))
        return Error{ErrorCode::InvalidArgument,
                     "this is no revision of " + id + ": write a branch, a tag or a commit"};

    hub::HfClient client(access, stop);
    const auto page = client.get(modelUrl(access, id) + "/revision/" + hub::urlEncoded(wanted) + "?blobs=true", id);
    if (!page.ok()) return page.error();
    auto listing = hub::readListing(page->json, id);
    if (!listing.ok()) return listing.error();
    if (listing->commit.empty() && hub::isCommit(page->repoCommit)) listing->commit = page->repoCommit;
    if (!listing->hasAllSizes) {
        const std::string at = listing->commit.empty() ? wanted : listing->commit;
        if (const auto added = addSizes(client, access, *listing, at); !added.ok()) return added.error();
    }
    if (listing->commit.empty() && hub::isCommit(wanted)) listing->commit = wanted;
    if (listing->commit.empty())
        return Error{ErrorCode::Corrupt, "the hub does not say which commit of " + listing->id +
                                             " this is: check the endpoint in the settings"};

    Repository repository;
    repository.id = listing->id;
    repository.commit = listing->commit;
    repository.gated = listing->gated;
    repository.license = listing->license;
    repository.pageUrl = access.endpoint + "/" + listing->id;
    repository.choices = hub::makeChoices(*listing, machine);
    return repository;
}

Expected<DownloadChoice> chooseDownload(const Repository& repository, const ModelReference& reference) {
    if (repository.choices.empty())
        return Error{ErrorCode::NotFound,
                     repository.id + " holds no model: it has neither GGUF files nor safetensors with a config.json"};
    if (reference.file.empty() && reference.quantisation.empty())
        return repository.choices[std::min(repository.recommended, repository.choices.size() - 1)];

    const std::string& wanted = reference.file.empty() ? reference.quantisation : reference.file;
    std::vector<const DownloadChoice*> found;
    if (!reference.file.empty()) {
        found = firstMatches(repository, [&](const DownloadChoice& choice) { return holdsFile(choice, wanted); });
    } else {
        const std::string type = hub::quantisationOf(wanted);  // "q4_k_m", "fp16" in the usual spelling
        found = firstMatches(
            repository, [&](const DownloadChoice& choice) { return choice.label == wanted; },
            [&](const DownloadChoice& choice) { return sameWithoutCase(choice.label, wanted); },
            [&](const DownloadChoice& choice) { return !type.empty() && choice.label == type; },
            [&](const DownloadChoice& choice) {
                return choice.format == ModelFormat::Gguf && !type.empty() &&
                       hub::quantisationOf(choice.files[0].path) == type;
            });
    }
    if (found.size() == 1) return *found.front();
    if (found.size() > 1) {
        std::string labels;
        for (const DownloadChoice* choice : found) labels += (labels.empty() ? "" : ", ") + choice->label;
        return Error{ErrorCode::InvalidArgument,
                     repository.id + " has several of " + wanted + ", say which: " + labels};
    }
    return Error{ErrorCode::NotFound, repository.id + " has no " + wanted + "; there are: " + listedLabels(repository)};
}

Expected<std::vector<SearchResult>> searchRepositories(const HubAccess& access, const std::string& text,
                                                       std::size_t limit, const std::function<bool()>& stop) {
    constexpr std::size_t kMost = 100;
    constexpr std::size_t kLongestText = 200;
    const std::size_t count = std::clamp<std::size_t>(limit, 1, kMost);
    std::string url = access.endpoint + "/api/models?search=" + hub::urlEncoded(text.substr(0, kLongestText)) +
                      "&filter=gguf&sort=downloads&direction=-1&limit=" + std::to_string(count);
    for (const char* wanted : {"downloads", "likes", "gated", "lastModified"})
        url += std::string("&expand%5B%5D=") + wanted;
    hub::HfClient client(access, stop);
    const auto page = client.get(url, "the search");
    if (!page.ok()) return page.error();
    return hub::readSearchResults(page->json, count);
}

}  // namespace larder
