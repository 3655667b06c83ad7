// tests/support/fake_hub.py as a child process, and repositories for it: a test double of the hub that misbehaves on request.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "engine/hub.h"
#include "tests/support/temp_folder.h"

namespace larder::hub {

class FakeHub {
public:
    explicit FakeHub(const std::string& options = "");  // further arguments, separated by blanks
    ~FakeHub();
    FakeHub(const FakeHub&) = delete;
    FakeHub& operator=(const FakeHub&) = delete;

    // Puts a file into a repository of the hub.
    void put(const std::string& repository, const std::string& path, std::string_view content);
    void putJson(const std::string& repository, const std::string& facts);

    HubAccess access(const std::string& token = "") const;
    // What the hub lists, as a repository with one choice of exactly these files. Fails the test if it does not.
    Repository list(const std::string& repository, const std::vector<std::string>& paths,
                    ModelFormat format = ModelFormat::Gguf) const;

    void setFaults(const std::string& json) const;  // see fake_hub.py
    void clearFaults() const;
    std::string log() const;                        // JSON: every request since clearLog()
    void clearLog() const;

private:
    std::string control(const std::string& request) const;

    support::TempFolder m_root;
    std::string m_endpoint;
    std::uint16_t m_port = 0;
    int m_input = -1;
    int m_process = -1;
};

// Bytes that look random and are the same in every run.
std::string noise(std::size_t bytes, std::uint32_t seed = 1);
std::string contentOf(const std::filesystem::path& path);
std::string sha256Of(std::string_view content);

}  // namespace larder::hub
