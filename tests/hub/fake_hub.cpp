#include "tests/hub/fake_hub.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "engine/base/json.h"
#include "engine/base/sha256.h"
#include "tests/support/raw_http_client.h"
#include "tests/support/fixtures.h"

extern char** environ;

namespace larder::hub {

FakeHub::FakeHub(const std::string& options) {
    std::vector<std::string> arguments = {"python3", (support::sourceFolder() / "tests/support/fake_hub.py").string(), "--root",
                                          m_root.path().string(), "--until-eof"};
    std::istringstream words(options);
    for (std::string word; words >> word;) arguments.push_back(word);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    int input[2];
    int output[2];
    if (::pipe2(input, O_CLOEXEC) != 0 || ::pipe2(output, O_CLOEXEC) != 0) std::abort();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input[0], 0);
    posix_spawn_file_actions_adddup2(&actions, output[1], 1);
    pid_t process = -1;
    if (::posix_spawnp(&process, "python3", &actions, nullptr, argv.data(), environ) != 0) std::abort();
    posix_spawn_file_actions_destroy(&actions);
    ::close(input[0]);
    ::close(output[1]);
    m_input = input[1];
    m_process = process;
    std::string line;
    for (char c = 0; ::read(output[0], &c, 1) == 1 && c != '\n';) line += c;
    ::close(output[0]);
    const auto ready = base::parseJson(line);
    if (!ready.ok()) {
        ADD_FAILURE() << "the fake hub did not start: " << line;
        return;
    }
    m_endpoint = (*ready)["endpoint"].get<std::string>();
    m_port = static_cast<std::uint16_t>(std::stoi(m_endpoint.substr(m_endpoint.rfind(':') + 1)));
}

FakeHub::~FakeHub() {
    ::close(m_input);
    ::kill(m_process, SIGKILL);
    ::waitpid(m_process, nullptr, 0);
}

void FakeHub::put(const std::string& repository, const std::string& path, std::string_view content) {
    const auto target = m_root / repository / path;
    std::filesystem::create_directories(target.parent_path());
    std::ofstream(target, std::ios::binary) << content;
}

void FakeHub::putJson(const std::string& repository, const std::string& facts) {
    std::ofstream(m_root / (repository + ".json")) << facts;
}

HubAccess FakeHub::access(const std::string& token) const {
    HubAccess access;
    access.endpoint = m_endpoint;
    access.token = token;
    return access;
}

Repository FakeHub::list(const std::string& repository, const std::vector<std::string>& paths, ModelFormat format) const {
    Repository result;
    result.id = repository;
    DownloadChoice choice;
    choice.label = "Q4_0";
    choice.format = format;
    const auto answer = base::parseJson(control("GET /api/models/" + repository + "?blobs=true"));
    if (!answer.ok() || !answer->contains("sha")) {
        ADD_FAILURE() << "the fake hub does not list " << repository;
        return result;
    }
    result.commit = (*answer)["sha"].get<std::string>();
    for (const std::string& path : paths) {
        for (const auto& sibling : (*answer)["siblings"]) {
            if (sibling["rfilename"] != path) continue;
            RepositoryFile file{path, sibling["size"].get<std::uint64_t>(), ""};
            if (sibling.contains("lfs")) file.sha256 = sibling["lfs"]["sha256"].get<std::string>();
            choice.bytes += file.bytes;
            choice.files.push_back(file);
        }
    }
    EXPECT_EQ(choice.files.size(), paths.size());
    result.choices.push_back(choice);
    return result;
}

std::string FakeHub::control(const std::string& request) const {
    support::RawHttpClient client(m_port);
    const std::string body = request.find('{') == std::string::npos ? "" : request.substr(request.find('{'));
    const std::string line = request.substr(0, request.find('{'));
    client.send(line + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
                "\r\n\r\n" + body);
    const auto reply = client.readReply();
    EXPECT_EQ(reply.status, 200) << request;
    return reply.body;
}

void FakeHub::setFaults(const std::string& json) const { control("POST /_faults" + json); }
void FakeHub::clearFaults() const { control("DELETE /_faults"); }
std::string FakeHub::log() const { return control("GET /_log"); }
void FakeHub::clearLog() const { control("DELETE /_log"); }

std::string noise(std::size_t bytes, std::uint32_t seed) {
    std::string content(bytes, '\0');
    std::uint32_t state = seed * 2654435761u + 1;
    for (char& byte : content) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        byte = static_cast<char>(state);
    }
    return content;
}

std::string contentOf(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string sha256Of(std::string_view content) {
    base::Sha256 hash;
    hash.update(content);
    return hash.finish();
}

}  // namespace larder::hub
