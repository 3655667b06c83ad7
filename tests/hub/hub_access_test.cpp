#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <optional>

#include "engine/hub.h"
#include "tests/support/temp_folder.h"

namespace larder {
namespace {

namespace fs = std::filesystem;
using support::TempFolder;
using testing::HasSubstr;
using testing::Not;

// The environment of the machine must neither matter nor be harmed: all names are unset, and put back in the end.
class HubEnvironment {
public:
    HubEnvironment() {
        for (const char* name : kNames) {
            const char* value = ::getenv(name);
            m_before.push_back(value != nullptr ? std::optional<std::string>(value) : std::nullopt);
            ::unsetenv(name);
        }
    }
    ~HubEnvironment() {
        for (std::size_t i = 0; i < std::size(kNames); ++i)
            if (m_before[i])
                ::setenv(kNames[i], m_before[i]->c_str(), 1);
            else
                ::unsetenv(kNames[i]);
    }
    void set(const char* name, const std::string& value) { ::setenv(name, value.c_str(), 1); }

private:
    static constexpr const char* kNames[] = {"HF_ENDPOINT", "HF_TOKEN",       "HF_TOKEN_PATH",
                                             "HF_HOME",     "XDG_CACHE_HOME", "HOME"};
    std::vector<std::optional<std::string>> m_before;
};

class HubAccessTest : public testing::Test {
protected:
    HubAccessTest() {
        settings.baseDir = folder.path() / "base";
        environment.set("HOME", (folder.path() / "home").string());
    }
    void write(const fs::path& path, const std::string& text) {
        fs::create_directories(path.parent_path());
        std::ofstream(path) << text;
    }
    std::string token() {
        const auto access = hubAccess(settings);
        return access.ok() ? access->token : access.error().message;
    }

    HubEnvironment environment;
    TempFolder folder;
    Settings settings;
};

TEST_F(HubAccessTest, EndpointOfSettingsThenEnvironmentThenTheHub) {
    EXPECT_EQ(hubAccess(settings)->endpoint, "https://huggingface.co");
    environment.set("HF_ENDPOINT", "https://mirror.example/hf/");
    EXPECT_EQ(hubAccess(settings)->endpoint, "https://mirror.example/hf");
    settings.hubEndpoint = " http://127.0.0.1:8080// ";
    EXPECT_EQ(hubAccess(settings)->endpoint, "http://127.0.0.1:8080");
}

TEST_F(HubAccessTest, RefusesWhatIsNoAddress) {
    for (const char* endpoint :
         {"mirror.example", "ftp://mirror.example", "https://", "file:///x", "https://user:secret@mirror.example",
          "https://a/?x=1", "https://a/#b", "https://a b", "https://a\nb"}) {
        settings.hubEndpoint = endpoint;
        const auto access = hubAccess(settings);
        ASSERT_FALSE(access.ok()) << endpoint;
        EXPECT_EQ(access.error().code, ErrorCode::InvalidArgument);
        EXPECT_THAT(access.error().message, HasSubstr("write it like https://"));
    }
}

TEST_F(HubAccessTest, ProxyAndCertificatesComeFromTheSettings) {
    settings.proxy = "http://proxy:3128";
    settings.caFile = "/etc/company.pem";
    const auto access = hubAccess(settings);
    EXPECT_EQ(access->proxy, "http://proxy:3128");
    EXPECT_EQ(access->caFile, "/etc/company.pem");
}

TEST_F(HubAccessTest, TokenPlacesInOrder) {
    EXPECT_EQ(token(), "");
    EXPECT_FALSE(hasHubToken(settings));
    write(folder.path() / "home/.cache/huggingface/token", "hf_home\n");
    EXPECT_EQ(token(), "hf_home");
    write(folder.path() / "xdg/huggingface/token", "hf_xdg");
    environment.set("XDG_CACHE_HOME", (folder.path() / "xdg").string());
    EXPECT_EQ(token(), "hf_xdg");
    write(folder.path() / "hfhome/token", "hf_hfhome");
    environment.set("HF_HOME", (folder.path() / "hfhome").string());
    EXPECT_EQ(token(), "hf_hfhome");
    write(folder.path() / "elsewhere", " hf_path \n");
    environment.set("HF_TOKEN_PATH", (folder.path() / "elsewhere").string());
    EXPECT_EQ(token(), "hf_path");
    environment.set("HF_TOKEN", "hf_environment");
    EXPECT_EQ(token(), "hf_environment");
    ASSERT_TRUE(saveHubToken(settings.baseDir, "hf_own").ok());
    EXPECT_EQ(token(), "hf_own");
    EXPECT_TRUE(hasHubToken(settings));
    ASSERT_TRUE(saveHubToken(settings.baseDir, "").ok());
    EXPECT_EQ(token(), "hf_environment");
}

TEST_F(HubAccessTest, UnusableTokensCountAsNone) {
    write(settings.baseDir / "hf-token", "two words");
    EXPECT_EQ(token(), "");
    write(settings.baseDir / "hf-token", std::string(100'000, 'x'));
    EXPECT_EQ(token(), "");
    fs::remove(settings.baseDir / "hf-token");
    fs::create_directories(settings.baseDir / "hf-token");
    EXPECT_EQ(token(), "");
    environment.set("HF_TOKEN", "evil\r\nX-Header: 1");
    EXPECT_EQ(token(), "");
}

TEST_F(HubAccessTest, KeepsTheTokenForTheUserOnly) {
    const fs::path file = settings.baseDir / "hf-token";
    ASSERT_TRUE(saveHubToken(settings.baseDir, "  hf_secret\n").ok());
    struct stat facts {};
    ASSERT_EQ(::stat(file.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777, 0600u);
    EXPECT_EQ(token(), "hf_secret");

    for (const char* odd : {"two words", "line\nbreak", "n\xc3\xb6", "tab\there"}) {
        const auto saved = saveHubToken(settings.baseDir, odd);
        ASSERT_FALSE(saved.ok()) << odd;
        EXPECT_EQ(saved.error().code, ErrorCode::InvalidArgument);
        EXPECT_THAT(saved.error().message, Not(HasSubstr(odd))) << "a token is never shown";
        EXPECT_EQ(token(), "hf_secret") << "the old one stays";
    }
    ASSERT_TRUE(saveHubToken(settings.baseDir, " ").ok());
    EXPECT_FALSE(fs::exists(file));
    EXPECT_TRUE(saveHubToken(settings.baseDir, "").ok()) << "removing nothing is fine";
}

}  // namespace
}  // namespace larder
