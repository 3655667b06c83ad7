// The table of docs/architecture.md "who may include whom", written down as data and held against every #include line.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "tests/support/fixtures.h"

namespace larder {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = support::sourceFolder();

struct Include {
    std::string where;   // "engine/kv/kv_cache.cpp:12", for messages
    std::string file;    // "engine/kv/kv_cache.cpp"
    std::string target;  // "engine/base/file.h" or "vector"
    bool own = false;    // written with quotes
};

// The public face: what ui, app and the folders below may see of the headers directly in engine/.
const std::set<std::string> kPublicHeaders = {
    "agents.h", "bench.h", "bench_cache.h", "cache.h", "cache_control.h", "constraint.h", "documents.h", "downloads.h", "engine.h", "error.h",
    "generation.h", "hub.h", "isa.h", "logs.h", "machine.h", "models.h", "replay.h", "requests.h", "server.h", "server_address.h", "service.h", "settings.h", "status.h",
    "types.h", "usage.h", "usage_records.h"};

// What a folder under engine/ may include of ours, besides itself. "public" stands for the headers just named.
const std::map<std::string, std::set<std::string>> kAllowed = {
    {"base", {"engine/error.h"}},
    {"formats", {"base", "engine/error.h", "engine/types.h"}},
    {"kernels", {}},
    {"model", {"kernels", "formats", "base", "engine/error.h", "engine/types.h"}},
    {"kv", {"formats", "base", "public"}},
    {"generate", {"model", "kv", "kernels", "base", "public"}},
    {"text", {"formats", "base", "public"}},
    {"hub", {"formats", "base", "public"}},
    {"agents", {"formats", "base", "public"}},
    {"records", {"formats", "base", "public"}},
    {"api", {"text", "hub", "agents", "records", "base", "public"}},
    {"public", {}},
    // What puts the folders together: sources directly in engine/, and headers there that are not public.
    {"composition", {"public", "base", "formats", "kernels", "model", "kv", "generate", "text", "hub", "agents", "records", "api"}},
    {"app", {"ui", "public"}},
    {"ui", {"public"}},
};

// Headers of libraries, and the only places that may include them: each is named in one folder (design §2, §8).
const std::vector<std::pair<std::string, std::vector<std::string>>> kLibraries = {
    {R"(^spdlog/)", {"engine/base/log.cpp"}},
    {R"(^xxhash\.h$)", {"engine/base/hash.cpp"}},
    {R"(^sqlite3\.h$)", {"engine/base/sqlite"}},
    {R"(^zstd\.h$)", {"engine/base/"}},
    {R"(^pcre2\.h$)", {"engine/text/"}},
    {R"(^curl/)", {"engine/hub/"}},
    {R"(^openssl/)", {"engine/base/"}},
    {R"(^CLI/)", {"app/"}},
    {R"(^Q[A-Z]|^Qt[A-Z])", {"engine/api/http_server", "app/", "ui/"}},
    // Threads and locks only through base; atomics are plain data.
    {R"(^(thread|mutex|shared_mutex|condition_variable|future|semaphore|latch|barrier|stop_token|pthread\.h)$)", {"engine/base/"}},
    {R"(^(.*intrin\.h|arm_neon\.h|arm_sve\.h)$)",
     {"engine/kernels/avx", "engine/kernels/neon", "engine/kernels/formats/", "engine/base/thread_p", "engine/base/crc32c.cpp"}},
    // What the CPU has, as the system tells.
    {R"(^sys/(auxv|sysctl)\.h$)", {"engine/base/", "engine/kernels/arm_features.cpp"}},
    // The rest of the operating system: base, kernels never, the others by name.
    {R"(^(unistd\.h|fcntl\.h|poll\.h|sys/(?!auxv|sysctl).*|netinet/.*|arpa/.*|windows\.h|winsock2\.h)$)",
     {"engine/base/", "engine/api/http_socket_", "app/"}},
};

std::string readAll(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<fs::path> sourcesUnder(const std::vector<std::string>& folders) {
    std::vector<fs::path> files;
    for (const std::string& folder : folders) {
        if (!fs::exists(kRoot / folder)) continue;
        for (const auto& entry : fs::recursive_directory_iterator(kRoot / folder)) {
            const std::string extension = entry.path().extension().string();
            if (entry.is_regular_file() && (extension == ".h" || extension == ".cpp" || extension == ".inc"))
                files.push_back(entry.path());
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

std::string relativeName(const fs::path& path) { return path.lexically_relative(kRoot).generic_string(); }

std::vector<Include> includesOf(const fs::path& path) {
    static const std::regex kInclude(R"re(^\s*#\s*include\s*(["<])([^">]+)[">])re");
    std::vector<Include> includes;
    std::ifstream file(path);
    int number = 0;
    for (std::string line; std::getline(file, line);) {
        ++number;
        std::smatch match;
        if (std::regex_search(line, match, kInclude))
            includes.push_back({relativeName(path) + ":" + std::to_string(number), relativeName(path), match[2], match[1] == "\""});
    }
    return includes;
}

std::vector<Include> productIncludes() {
    std::vector<Include> includes;
    for (const fs::path& path : sourcesUnder({"engine", "app", "ui"}))
        for (Include& include : includesOf(path)) includes.push_back(std::move(include));
    return includes;
}

// "kv" for engine/kv/..., "public" or "composition" for files directly in engine/, "app", "ui"; empty for none of these.
std::string folderOf(const std::string& file) {
    const auto parts = fs::path(file);
    const auto first = parts.begin()->string();
    if (first != "engine") return first == "app" || first == "ui" ? first : "";
    const std::string second = std::next(parts.begin())->string();
    if (std::distance(parts.begin(), parts.end()) > 2) return second;
    return kPublicHeaders.contains(second) ? "public" : "composition";
}

bool isHeader(const std::string& file) { return file.ends_with(".h"); }

// Why this include is not allowed, or nothing.
std::string complaint(const Include& include) {
    const std::string from = folderOf(include.file);
    const std::string to = folderOf(include.target);
    if (to.empty()) return "it is not a path from the root of the repository";
    if (!fs::exists(kRoot / include.target)) return "there is no such file";
    if (include.target.ends_with(".cpp")) return "sources are not included";
    if (from == to) return "";
    const auto rule = kAllowed.find(from);
    if (rule == kAllowed.end()) return "the folder " + from + " is not in the table";
    if (rule->second.contains(to) || rule->second.contains(include.target)) return "";
    return from + " may not include " + to;
}

TEST(IncludeRules, EveryOwnIncludeIsInTheTable) {
    std::vector<std::string> complaints;
    const auto includes = productIncludes();
    for (const Include& include : includes) {
        if (!include.own) continue;
        if (const std::string why = complaint(include); !why.empty())
            complaints.push_back(include.where + " includes " + include.target + ": " + why);
    }
    EXPECT_THAT(complaints, testing::IsEmpty());
    EXPECT_GT(includes.size(), 100u) << "the sources were not found";
}

TEST(IncludeRules, LibrariesAndTheSystemStayInTheirFiles) {
    std::vector<std::string> complaints;
    for (const Include& include : productIncludes()) {
        for (const auto& [pattern, places] : kLibraries) {
            if (!std::regex_search(include.target, std::regex(pattern))) continue;
            const bool allowed = std::any_of(places.begin(), places.end(),
                                             [&](const std::string& place) { return include.file.starts_with(place); });
            if (!allowed) complaints.push_back(include.where + " includes <" + include.target + ">");
        }
    }
    EXPECT_THAT(complaints, testing::IsEmpty());
}

// The ISA files are compiled with flags of their own: an inline function of a shared header, compiled there and picked by
// the linker, would run instructions the machine lacks.
TEST(IncludeRules, IsaFilesIncludeOnlyIntrinsicsAndPlainData) {
    const std::set<std::string> allowedStd = {"cstdint", "cstddef", "cstring"};
    std::vector<std::string> complaints;
    for (const Include& include : productIncludes()) {
        const std::string name = fs::path(include.file).filename().string();
        if (folderOf(include.file) != "kernels" || isHeader(include.file)) continue;
        if (!name.starts_with("avx") && !name.starts_with("neon")) continue;
        const bool intrinsics = include.target.ends_with("intrin.h") || include.target.starts_with("arm_");
        const bool allowed = include.own ? folderOf(include.target) == "kernels" : intrinsics || allowedStd.contains(include.target);
        if (!allowed) complaints.push_back(include.where + " includes " + include.target);
    }
    EXPECT_THAT(complaints, testing::IsEmpty());
}

TEST(IncludeRules, KernelsKnowOnlyTheStandardLibrary) {
    std::vector<std::string> complaints;
    for (const Include& include : productIncludes())
        if (folderOf(include.file) == "kernels" && include.own && folderOf(include.target) != "kernels")
            complaints.push_back(include.where + " includes " + include.target);
    EXPECT_THAT(complaints, testing::IsEmpty());
}

TEST(Sources, HeadersStartWithAPurposeAndPragmaOnce) {
    std::vector<std::string> complaints;
    for (const fs::path& path : sourcesUnder({"engine", "app", "ui", "tests"})) {
        if (path.extension() != ".h") continue;
        const std::string text = readAll(path);
        if (!text.starts_with("//")) complaints.push_back(relativeName(path) + ": the first line says what this is");
        if (text.find("\n#pragma once") == std::string::npos) complaints.push_back(relativeName(path) + ": #pragma once is missing");
    }
    EXPECT_THAT(complaints, testing::IsEmpty());
}

TEST(Sources, NoFileOutsideBaseMakesThreadsOrLocks) {
    // Without comments and texts in quotes.
    const std::regex words(R"(std::(jthread|thread|mutex|shared_mutex|recursive_mutex|condition_variable|async|lock_guard|unique_lock|scoped_lock)\b|\bpthread_)");
    const std::regex noise(R"(//[^\n]*|"(?:[^"\\\n]|\\.)*")");
    std::vector<std::string> complaints;
    for (const fs::path& path : sourcesUnder({"engine", "app", "ui"})) {
        const std::string name = relativeName(path);
        if (name.starts_with("engine/base/")) continue;
        const std::string code = std::regex_replace(readAll(path), noise, "");
        std::smatch match;
        if (std::regex_search(code, match, words)) complaints.push_back(name + ": " + match.str());
    }
    EXPECT_THAT(complaints, testing::IsEmpty());
}

// Every source is in a build file, every test in a folder that the build looks through: none is forgotten.
TEST(Sources, EverySourceIsBuilt) {
    std::vector<std::string> complaints;
    for (const fs::path& path : sourcesUnder({"engine", "app", "ui"})) {
        if (path.extension() != ".cpp") continue;
        std::string lists;
        for (fs::path folder = path.parent_path(); folder != kRoot; folder = folder.parent_path())
            lists += readAll(folder / "CMakeLists.txt");
        if (lists.find(path.filename().string()) == std::string::npos) complaints.push_back(relativeName(path));
    }
    EXPECT_THAT(complaints, testing::IsEmpty());
}

TEST(Sources, EveryTestIsInAFolderThatTheBuildLooksThrough) {
    const std::string lists = readAll(kRoot / "tests/CMakeLists.txt");
    ASSERT_FALSE(lists.empty());
    std::vector<std::string> complaints;
    for (const fs::path& path : sourcesUnder({"tests"})) {
        if (path.extension() != ".cpp") continue;
        const fs::path inTests = path.lexically_relative(kRoot / "tests");
        const std::string folder = inTests.begin()->string();
        if (folder == "fuzz" || folder == "support" || folder == "pictures" || folder == "clients") continue;  // programs and helpers of their own
        const bool direct = std::distance(inTests.begin(), inTests.end()) == 2;
        if (!direct || !std::regex_search(lists, std::regex("(larder_tests\\(" + folder + "[ )]|/" + folder + R"(/\*\.cpp))")))
            complaints.push_back(relativeName(path));
    }
    EXPECT_THAT(complaints, testing::IsEmpty());
}

}  // namespace
}  // namespace larder
