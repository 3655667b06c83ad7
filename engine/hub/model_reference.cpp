// What a user types or pastes to name a model on Hugging Face: engine/hub.h, parseModelReference().
#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

#include "engine/base/utf8.h"
#include "engine/hub.h"
#include "engine/hub/model_name.h"
#include "engine/hub/web_address.h"

namespace larder {
namespace {

using hub::endsWithoutCase;
using hub::lowerCaseName;

constexpr std::size_t kLongestReference = 2000;

// The user's text as it may stand in a sentence.
std::string quotedReference(const std::string& text) {
    constexpr std::size_t kShown = 120;
    std::string shown = base::repairUtf8(text.substr(0, kShown));
    for (char& c : shown)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    return "\"" + shown + (text.size() > kShown ? "...\"" : "\"");
}

Error referenceError(const std::string& text, const std::string& reason) {
    return {ErrorCode::InvalidArgument, quotedReference(text) + " " + reason};
}

constexpr const char* kExpected =
    "is no Hugging Face name: write it like organisation/model or organisation/model:Q4_0";

std::string trimmedReference(const std::string& text) {
    constexpr std::string_view kBlanks = " \t\r\n\v\f";
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string::npos) return "";
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

int hexValue(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::string percentDecoded(const std::string& text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool escape =
            text[i] == '%' && i + 2 < text.size() && hexValue(text[i + 1]) >= 0 && hexValue(text[i + 2]) >= 0;
        if (escape)
            decoded += static_cast<char>(hexValue(text[i + 1]) * 16 + hexValue(text[i + 2]));
        else
            decoded += text[i];
        if (escape) i += 2;
    }
    return decoded;
}

std::vector<std::string> partsOf(const std::string& text) {
    std::vector<std::string> parts;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find('/', at), text.size());
        parts.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return parts;
}

std::string joinedFrom(const std::vector<std::string>& parts, std::size_t first) {
    std::string joined;
    for (std::size_t i = first; i < parts.size(); ++i) joined += (i > first ? "/" : "") + parts[i];
    return joined;
}

bool isModelFileName(const std::string& path) {
    return endsWithoutCase(path, ".gguf") || endsWithoutCase(path, ".safetensors");
}

bool isHubHost(const std::string& host) {
    constexpr std::array<std::string_view, 4> kHosts = {"huggingface.co", "www.huggingface.co", "hf.co",
                                                        "hf-mirror.com"};
    for (const std::string_view known : kHosts)
        if (host == known) return true;
    const char* mirror = std::getenv("HF_ENDPOINT");
    const auto address = mirror != nullptr ? hub::readWebAddress(mirror) : std::nullopt;
    return address && (host == address->host || host == address->text());
}

// The path of a link to the hub, without query; nothing when text is no link.
Expected<std::optional<std::string>> pathOfLink(const std::string& text) {
    std::string rest = text;
    const std::string lower = lowerCaseName(text);
    bool link = false;
    for (const std::string_view scheme : {"https://", "http://"}) {
        if (!lower.starts_with(scheme)) continue;
        rest = text.substr(scheme.size());
        link = true;
    }
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const std::string host = lowerCaseName(rest.substr(0, slash));
    if (!isHubHost(host)) {
        if (link) return referenceError(text, "is no link to a model on Hugging Face: write organisation/model");
        return std::optional<std::string>();
    }
    rest = rest.substr(std::min(slash + 1, rest.size()));
    return std::optional<std::string>(rest.substr(0, rest.find_first_of("?#")));
}

// What follows "org/name" in a page's address: tree/REV, blob/REV/FILE, resolve/REV/FILE.
Expected<ModelReference> readPage(const std::string& text, const std::vector<std::string>& parts,
                                  ModelReference reference) {
    const std::string& page = parts[2];
    if (parts.size() < 4) return reference;  // the "Files" or "Community" tab of the repository
    const std::string revision = percentDecoded(parts[3]);
    if (!hub::isRevision(revision)) return referenceError(text, "names a revision that cannot be one");
    const std::string file = percentDecoded(joinedFrom(parts, 4));
    reference.revision = revision;
    if (file.empty()) return reference;
    if (!hub::isRepositoryPath(file)) return referenceError(text, "names a file that cannot be one");
    if (page == "tree")
        reference.quantisation = hub::quantisationOf(file);
    else
        reference.file = file;
    return reference;
}

// One of "", ":QUANT" and "/FILE" follows the repository.
Expected<ModelReference> readPlain(const std::string& text, std::string name) {
    ModelReference reference;
    if (const std::size_t at = name.rfind('@'); at != std::string::npos) {
        reference.revision = name.substr(at + 1);
        if (!hub::isRevision(reference.revision))
            return referenceError(text,
                                  "names a revision that cannot be one: write @branch, @tag or @commit at the end");
        name.resize(at);
    }
    if (const std::size_t colon = name.find(':'); colon != std::string::npos) {
        reference.quantisation = trimmedReference(name.substr(colon + 1));
        if (reference.quantisation.empty() || !base::isUtf8(reference.quantisation))
            return referenceError(text, "names no quantisation after the colon: write it like organisation/model:Q4_0");
        if (lowerCaseName(reference.quantisation) == "latest") reference.quantisation.clear();
        name.resize(colon);
    }
    const std::vector<std::string> parts = partsOf(name);
    if (parts.size() < 2) return referenceError(text, kExpected);
    reference.repository = parts[0] + "/" + parts[1];
    if (!hub::isRepositoryId(reference.repository)) return referenceError(text, kExpected);
    if (parts.size() == 2) return reference;
    reference.file = joinedFrom(parts, 2);
    if (!reference.quantisation.empty())
        return referenceError(text, "names a file and a quantisation: leave one of them out");
    if (!hub::isRepositoryPath(reference.file) || !isModelFileName(reference.file))
        return referenceError(text, "names no model file: it must end with .gguf or .safetensors");
    return reference;
}

}  // namespace

Expected<ModelReference> parseModelReference(const std::string& text) {
    std::string name = trimmedReference(text);
    if (name.empty())
        return Error{ErrorCode::InvalidArgument, "the model's name is empty: write it like organisation/model"};
    for (const unsigned char c : name)
        if (c < 0x20 || c == 0x7f || name.size() > kLongestReference) return referenceError(name, kExpected);

    const auto link = pathOfLink(name);
    if (!link.ok()) return link.error();
    if (*link) name = **link;
    while (name.ends_with('/')) name.pop_back();

    const std::vector<std::string> parts = partsOf(name);
    const auto isOneOf = [](const std::string& word, std::initializer_list<std::string_view> words) {
        return std::find(words.begin(), words.end(), word) != words.end();
    };
    if (*link && isOneOf(parts[0], {"datasets", "spaces", "collections", "docs", "papers", "blog"}))
        return referenceError(text, "is not the page of a model");
    const bool page =
        parts.size() > 2 && isOneOf(parts[2], {"tree", "blob", "resolve", "raw", "commits", "commit", "discussions"});
    if (!page || (!*link && parts.size() < 4)) return readPlain(text, *link ? percentDecoded(name) : name);
    ModelReference reference;
    reference.repository = parts[0] + "/" + parts[1];
    if (!hub::isRepositoryId(reference.repository)) return referenceError(text, kExpected);
    if (isOneOf(parts[2], {"commits", "commit", "discussions"})) return reference;
    return readPage(text, parts, std::move(reference));
}

}  // namespace larder
