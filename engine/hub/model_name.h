// What repositories, files and weight types on Hugging Face are called, and which names are let in. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace larder::hub {

std::string lowerCaseName(std::string_view text);

// "org/name", both of letters, digits and "._-", not beginning with '.' or '-': safe as two folders of the model
// folder.
bool isRepositoryId(std::string_view text);

// A path inside a repository that may become a path on this disk: relative, '/' between parts, no part empty, hidden
// (leading dot), "..", with a backslash or control character, or too long for a file system.
bool isRepositoryPath(std::string_view path);

// A branch, tag or commit as it may be put into a URL (encoded).
bool isRevision(std::string_view text);

// The weight type a file's name tells, in the usual spelling: "Q4_K_M", "UD-Q4_K_XL", "F16"; else that of its folder's
// name; empty when neither tells one.
std::string quantisationOf(std::string_view path);

struct SplitName {
    std::string prefix;  // "folder/model" of "folder/model-00002-of-00003.gguf"
    int part = 1;
    int parts = 1;
};
// Nothing for a file that is not a part of a split one. extension: with its dot, compared without case.
std::optional<SplitName> readSplitName(std::string_view path, std::string_view extension);

bool endsWithoutCase(std::string_view text, std::string_view lowerCaseEnd);

}  // namespace larder::hub
