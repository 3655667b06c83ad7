#include "engine/hub/repository_listing.h"

#include <algorithm>
#include <map>
#include <optional>

#include "engine/hub/model_name.h"

namespace larder::hub {
namespace {

using base::Json;

// Of one model; more than any disk holds is a lie, and sums of such numbers must not overflow.
constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 50;
constexpr std::size_t kMaxFiles = 100'000;

Error oddAnswer(const std::string& what) {
    return {ErrorCode::Corrupt,
            "the hub gave an odd answer (" + what + "): try again later, or check the endpoint in the settings"};
}

// Null for what is not an object or lacks the key.
const Json* memberOf(const Json& object, const char* key) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(key);
    return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::string textMember(const Json& object, const char* key) {
    const Json* member = memberOf(object, key);
    return member != nullptr && member->is_string() ? member->get<std::string>() : "";
}

std::optional<std::uint64_t> countOf(const Json& value) {
    if (value.is_number_unsigned()) return value.get<std::uint64_t>();
    if (!value.is_number_integer() || value.get<std::int64_t>() < 0) return std::nullopt;
    return static_cast<std::uint64_t>(value.get<std::int64_t>());
}

// 0 for anything but a count.
std::uint64_t countMember(const Json& object, const char* key) {
    const Json* member = memberOf(object, key);
    return member == nullptr ? 0 : countOf(*member).value_or(0);
}

// Short plain text that may be shown.
std::string shownText(std::string text, std::size_t longest) {
    if (text.size() > longest) text.resize(longest);
    text.erase(std::remove_if(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c >= 0x7f; }),
               text.end());
    return text;
}

bool isHex(const std::string& text, std::size_t digits) {
    return text.size() == digits && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

bool readGated(const Json& page) {
    const Json* gated = memberOf(page, "gated");  // false, "auto" or "manual"
    return gated != nullptr && (gated->is_string() || (gated->is_boolean() && gated->get<bool>()));
}

std::string readLicense(const Json& page) {
    constexpr std::size_t kLongest = 60;
    constexpr std::string_view kTag = "license:";
    if (const Json* card = memberOf(page, "cardData")) {
        const Json* license = memberOf(*card, "license");
        if (license != nullptr && license->is_array() && !license->empty()) license = &license->front();
        if (license != nullptr && license->is_string()) return shownText(license->get<std::string>(), kLongest);
    }
    if (const Json* tags = memberOf(page, "tags"); tags != nullptr && tags->is_array())
        for (const Json& tag : *tags)
            if (tag.is_string() && tag.get<std::string>().starts_with(kTag))
                return shownText(tag.get<std::string>().substr(kTag.size()), kLongest);
    return "";
}

// A file of either page: its size and sum are in it, or in its "lfs". False for nonsense.
bool readFileFacts(const Json& entry, const char* sumKey, RepositoryFile& file, bool& hasSize) {
    const Json* lfs = memberOf(entry, "lfs");
    for (const Json* place : {memberOf(entry, "size"), lfs != nullptr ? memberOf(*lfs, "size") : nullptr}) {
        if (place == nullptr) continue;
        const auto bytes = countOf(*place);
        if (!bytes || *bytes > kMaxFileBytes) return false;
        file.bytes = *bytes;  // lfs last: the other one could be that of the pointer
        hasSize = true;
    }
    if (lfs == nullptr) return true;
    const Json* sum = memberOf(*lfs, sumKey);
    if (sum == nullptr) sum = memberOf(*lfs, "sha256");
    if (sum == nullptr) return lfs->is_object();
    if (!sum->is_string()) return false;
    file.sha256 = lowerCaseName(sum->get<std::string>());
    return isHex(file.sha256, 64);
}

}  // namespace

bool isCommit(const std::string& text) {
    return isHex(text, 40);
}

Expected<RepositoryListing> readListing(const Json& page, const std::string& asked) {
    if (!page.is_object()) return oddAnswer("no object");
    RepositoryListing listing;
    listing.id = textMember(page, "id");
    if (listing.id.empty()) listing.id = textMember(page, "modelId");
    if (listing.id.empty()) listing.id = asked;
    if (!isRepositoryId(listing.id)) return oddAnswer("a name that cannot be one");
    listing.commit = lowerCaseName(textMember(page, "sha"));
    if (!isCommit(listing.commit)) listing.commit.clear();
    listing.gated = readGated(page);
    listing.license = readLicense(page);
    if (const Json* gguf = memberOf(page, "gguf")) {
        listing.architecture = shownText(textMember(*gguf, "architecture"), 60);
        listing.parameters = countMember(*gguf, "total");
        listing.contextTokens = countMember(*gguf, "context_length");
    }
    const Json* siblings = memberOf(page, "siblings");
    if (siblings == nullptr) listing.hasAllSizes = false;
    if (siblings == nullptr) return listing;
    if (!siblings->is_array() || siblings->size() > kMaxFiles) return oddAnswer("no list of files");
    std::map<std::string, RepositoryFile> files;
    for (const Json& entry : *siblings) {
        RepositoryFile file;
        file.path = textMember(entry, "rfilename");
        if (file.path.empty()) return oddAnswer("a file without a name");
        bool hasSize = false;
        if (!readFileFacts(entry, "sha256", file, hasSize))
            return oddAnswer("a file with a size or a sum that cannot be");
        if (!isRepositoryPath(file.path)) continue;
        listing.hasAllSizes = listing.hasAllSizes && hasSize;
        files.emplace(file.path, file);
    }
    for (auto& [path, file] : files) listing.files.push_back(std::move(file));
    return listing;
}

Expected<void> addTreePage(const Json& page, RepositoryListing& listing) {
    if (!page.is_array() || page.size() + listing.files.size() > kMaxFiles) return oddAnswer("no list of files");
    for (const Json& entry : page) {
        if (textMember(entry, "type") == "directory") continue;
        RepositoryFile file;
        file.path = textMember(entry, "path");
        if (file.path.empty()) return oddAnswer("a file without a name");
        bool hasSize = false;
        if (!readFileFacts(entry, "oid", file, hasSize) || !hasSize)
            return oddAnswer("a file with a size or a sum that cannot be");
        if (!isRepositoryPath(file.path)) continue;
        const auto place =
            std::lower_bound(listing.files.begin(), listing.files.end(), file,
                             [](const RepositoryFile& a, const RepositoryFile& b) { return a.path < b.path; });
        if (place != listing.files.end() && place->path == file.path)
            *place = file;
        else
            listing.files.insert(place, file);
    }
    return {};
}

Expected<std::vector<SearchResult>> readSearchResults(const Json& page, std::size_t limit) {
    if (!page.is_array()) return oddAnswer("no list of models");
    std::vector<SearchResult> results;
    for (const Json& entry : page) {
        SearchResult result;
        result.id = textMember(entry, "id");
        if (result.id.empty()) result.id = textMember(entry, "modelId");
        if (!isRepositoryId(result.id)) continue;
        result.downloads = countMember(entry, "downloads");
        result.likes = countMember(entry, "likes");
        result.gated = readGated(entry);
        std::string date = textMember(entry, "lastModified");
        if (date.empty()) date = textMember(entry, "createdAt");
        if (date.size() >= 10 && date.find_first_not_of("0123456789-") >= 10) result.updated = date.substr(0, 10);
        results.push_back(std::move(result));
        if (results.size() == limit) break;
    }
    return results;
}

}  // namespace larder::hub
