// Hugging Face (or a mirror of it) as the rest of Larder sees it: what a repository holds, which of it can be
// downloaded as a model, and a search. Plain values; the verbs block on the network for at most about a minute and may be
// called from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/error.h"
#include "engine/models.h"
#include "engine/settings.h"

namespace larder {

// How to reach the hub. The token goes to the endpoint's own scheme, host and port and nowhere else; never logged.
struct HubAccess {
    std::string endpoint;             // "https://huggingface.co", no slash at the end
    std::string token;                // empty: anonymous
    std::string proxy;                // empty: the environment's (https_proxy, no_proxy, ...)
    std::filesystem::path caFile;     // empty: the system's certificates
};

// settings, then HF_ENDPOINT; the token from <baseDir>/hf-token, then HF_TOKEN, then the Hugging Face token file
// (HF_TOKEN_PATH, else HF_HOME/token, else ~/.cache/huggingface/token). InvalidArgument for an endpoint that is no URL.
Expected<HubAccess> hubAccess(const Settings& settings);

// Keeps the token in <baseDir>/hf-token, mode 0600; an empty one removes the file. hasHubToken: is there one from anywhere.
Expected<void> saveHubToken(const std::filesystem::path& baseDir, const std::string& token);
bool hasHubToken(const Settings& settings);

// What a user names: "org/name", "org/name:Q4_0", "org/name/file.gguf", each with "@revision" at the end if wanted, or
// a pasted link to the repository or a file in it.
struct ModelReference {
    std::string repository;           // "org/name"
    std::string quantisation;         // "Q4_0", empty
    std::string file;                 // "folder/file.gguf", empty
    std::string revision = "main";
};
Expected<ModelReference> parseModelReference(const std::string& text);

struct RepositoryFile {
    std::string path;                 // inside the repository, '/' between parts, vetted: never absolute, no ".."
    std::uint64_t bytes = 0;
    std::string sha256;               // lower-case hex; empty for small files the hub gives none for
};

enum class ModelFormat { Gguf, Safetensors };

// One thing to download: a GGUF file (with all parts of a split one), or the files of a safetensors model.
struct DownloadChoice {
    std::string label;                // "Q4_0", "F16", "safetensors"; a file's name where nothing better is known
    ModelFormat format = ModelFormat::Gguf;
    std::vector<RepositoryFile> files;
    std::uint64_t bytes = 0;          // all files
    std::string problem;              // empty, or why this version of Larder could not run it
    ModelFit fit;
};

struct Repository {
    std::string id;                   // as the hub spells it
    std::string commit;               // 40 hex digits; downloads name it, so that files cannot change midway
    bool gated = false;
    std::string license;
    std::string pageUrl;              // for people
    std::vector<DownloadChoice> choices;   // best for this machine first; empty: nothing here is a model
    std::size_t recommended = 0;      // index into choices
};

// Errors are one sentence: NotFound (no such repository, or private), PermissionDenied (gated: with the page where the
// user accepts the terms, or the token is refused), Unavailable (offline, hub down, after retries), Corrupt (odd answer).
// stop is asked now and then; true ends with Cancelled.
Expected<Repository> listRepository(const HubAccess& access, const std::string& id, const std::string& revision,
                                    const Machine& machine, const std::function<bool()>& stop = {});

// The choice that the reference means; without a quantisation or file the recommended one. NotFound lists the labels.
Expected<DownloadChoice> chooseDownload(const Repository& repository, const ModelReference& reference);

struct SearchResult {
    std::string id;
    std::uint64_t downloads = 0;
    std::uint64_t likes = 0;
    bool gated = false;
    std::string updated;              // "2026-03-01"
};
// Repositories with GGUF files whose name matches, most downloaded first.
Expected<std::vector<SearchResult>> searchRepositories(const HubAccess& access, const std::string& text, std::size_t limit,
                                                       const std::function<bool()>& stop = {});

// Models known to run here, for the wizard: best for the machine's memory first, the starter last.
struct RecommendedModel {
    std::string reference;            // for parseModelReference: "org/name:Q4_0"
    std::string title;                // "Llama 3.2 3B Instruct"
    std::string remark;               // "chat only: 8k window"; empty
    std::uint64_t bytes = 0;          // download, about
    std::size_t contextTokens = 0;
    bool suggested = false;           // exactly one: the one for this machine
};
std::vector<RecommendedModel> recommendedModels(const Machine& machine);

}  // namespace larder
