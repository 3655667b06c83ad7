#include "engine/settings.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "tests/support/temp_folder.h"

namespace larder {
namespace {

namespace fs = std::filesystem;
using support::TempFolder;
using testing::HasSubstr;

void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

std::string read(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

fs::perms modeOf(const fs::path& path) { return fs::status(path).permissions(); }

// One environment variable for the length of a test.
class Environment {
public:
    Environment(const char* name, const char* value) : m_name(name) {
        if (const char* old = std::getenv(name)) m_old = old;
        if (value != nullptr) ::setenv(name, value, 1);
        else ::unsetenv(name);
    }
    ~Environment() {
        if (m_old) ::setenv(m_name, m_old->c_str(), 1);
        else ::unsetenv(m_name);
    }

private:
    const char* m_name;
    std::optional<std::string> m_old;
};

TEST(Settings, MissingFileIsTheDefaultsAndMakesNothing) {
    TempFolder folder;
    const auto settings = loadSettings(folder / "base");
    ASSERT_TRUE(settings.ok());
    EXPECT_EQ(settings->baseDir, folder / "base");
    EXPECT_EQ(settings->modelDir, folder / "base/models");
    EXPECT_EQ(settings->host, "127.0.0.1");
    EXPECT_EQ(settings->port, 1337);
    EXPECT_TRUE(settings->requireApiKey);
    EXPECT_FALSE(settings->hotCacheBytes);
    EXPECT_FALSE(fs::exists(folder / "base"));
}

TEST(Settings, SurviveTheFile) {
    TempFolder folder;
    Settings settings;
    settings.baseDir = folder / "new/base";
    settings.modelDir = folder / "elsewhere";
    settings.host = "::1";
    settings.port = 0;
    settings.requireApiKey = false;
    settings.apiKey = "key \" with \\ marks";
    settings.defaultModel = "Größe.gguf";
    settings.hotCacheBytes = 0;
    settings.coldCacheBytes = 20'000'000'000;
    settings.kvType = KvType::F32;
    settings.contextTokens = 4096;
    settings.maxRunning = 3;
    settings.maxWaiting = 0;
    settings.threads = 7;
    ASSERT_TRUE(saveSettings(settings).ok());
    EXPECT_EQ(modeOf(folder / "new/base/settings.json"), fs::perms(0600));
    EXPECT_EQ(modeOf(folder / "new/base"), fs::perms(0700));

    const auto again = loadSettings(settings.baseDir);
    ASSERT_TRUE(again.ok()) << again.error().message;
    EXPECT_EQ(again->baseDir, settings.baseDir);
    EXPECT_EQ(again->modelDir, settings.modelDir);
    EXPECT_EQ(again->host, settings.host);
    EXPECT_EQ(again->port, settings.port);
    EXPECT_EQ(again->requireApiKey, settings.requireApiKey);
    EXPECT_EQ(again->apiKey, settings.apiKey);
    EXPECT_EQ(again->defaultModel, settings.defaultModel);
    EXPECT_EQ(again->hotCacheBytes, settings.hotCacheBytes);
    EXPECT_EQ(again->coldCacheBytes, settings.coldCacheBytes);
    EXPECT_EQ(again->kvType, settings.kvType);
    EXPECT_EQ(again->contextTokens, settings.contextTokens);
    EXPECT_EQ(again->maxRunning, settings.maxRunning);
    EXPECT_EQ(again->maxWaiting, settings.maxWaiting);
    EXPECT_EQ(again->threads, settings.threads);
}

TEST(Settings, UnknownKeysAreKeptAndDefaultsAreNotWritten) {
    TempFolder folder;
    write(folder / "settings.json", R"({"theme": {"dark": true}, "port": 4000, "later": [1, 2.50]})");
    auto settings = loadSettings(folder.path());
    ASSERT_TRUE(settings.ok());
    EXPECT_EQ(settings->port, 4000);
    settings->port = 1337;
    settings->threads = 2;
    ASSERT_TRUE(saveSettings(*settings).ok());
    const std::string text = read(folder / "settings.json");
    EXPECT_THAT(text, HasSubstr("\"dark\": true"));
    EXPECT_THAT(text, HasSubstr("\"later\""));
    EXPECT_THAT(text, HasSubstr("\"threads\": 2"));
    EXPECT_THAT(text, testing::Not(HasSubstr("port")));
    EXPECT_THAT(text, testing::Not(HasSubstr("model_dir")));
}

TEST(Settings, ABrokenFileIsNotOverwritten) {
    TempFolder folder;
    write(folder / "settings.json", "{\"port\": 1,");
    Settings settings;
    settings.baseDir = folder.path();
    EXPECT_FALSE(saveSettings(settings).ok());
    EXPECT_EQ(read(folder / "settings.json"), "{\"port\": 1,");
}

TEST(Settings, SizesMayBeTexts) {
    TempFolder folder;
    write(folder / "settings.json", R"({"hot_cache": "1.5G", "cold_cache": 123, "model": null})");
    const auto settings = loadSettings(folder.path());
    ASSERT_TRUE(settings.ok());
    EXPECT_EQ(settings->hotCacheBytes, std::size_t{3} << 29);
    EXPECT_EQ(settings->coldCacheBytes, 123u);
    EXPECT_EQ(settings->defaultModel, "");
}

TEST(Settings, ErrorsNameTheFileAndTheKey) {
    const std::pair<const char*, const char*> cases[] = {
        {R"({"port": 70000})", "\"port\" must be a whole number from 0 to 65535"},
        {R"({"port": -1})", "\"port\""},
        {R"({"port": 1.5})", "\"port\""},
        {R"({"port": "1337"})", "\"port\""},
        {R"({"port": 18446744073709551616})", "\"port\""},
        {R"({"max_running": 0})", "\"max_running\""},
        {R"({"host": 1})", "\"host\" must be a text"},
        {R"({"require_api_key": "no"})", "\"require_api_key\" must be true or false"},
        {R"({"hot_cache": "many"})", "\"hot_cache\" is not a size"},
        {R"({"cold_cache": -5})", "\"cold_cache\""},
        {R"({"kv_type": "q8"})", "\"kv_type\" must be \"f16\" or \"f32\""},
        {R"({"threads": [1]})", "\"threads\""},
        {R"([1])", "one JSON object"},
        {R"({"port": 1)", "not valid near byte"},
        {"", "not valid near byte"},
    };
    for (const auto& [text, words] : cases) {
        TempFolder folder;
        write(folder / "settings.json", text);
        const auto settings = loadSettings(folder.path());
        ASSERT_FALSE(settings.ok()) << text;
        EXPECT_THAT(settings.error().message, HasSubstr(words)) << text;
        EXPECT_THAT(settings.error().message, HasSubstr((folder / "settings.json").string()));
    }
}

TEST(Settings, FoldersInTheFileAreRelativeToIt) {
    TempFolder folder;
    const Environment home("HOME", "/home/someone");
    write(folder / "settings.json", R"({"model_dir": "../mine"})");
    EXPECT_EQ(loadSettings(folder.path())->modelDir, (folder.path().parent_path() / "mine"));
    write(folder / "settings.json", R"({"model_dir": "~/models"})");
    EXPECT_EQ(loadSettings(folder.path())->modelDir, "/home/someone/models");
    write(folder / "settings.json", R"({"model_dir": "/data"})");
    EXPECT_EQ(loadSettings(folder.path())->modelDir, "/data");
}

TEST(Paths, TildeIsTheHome) {
    const Environment home("HOME", "/home/someone");
    EXPECT_EQ(expandPath("~"), "/home/someone");
    EXPECT_EQ(expandPath("~/a/../b"), "/home/someone/b");
    EXPECT_EQ(expandPath("~//a"), "/home/someone/a");
    EXPECT_EQ(expandPath("~other/a"), fs::current_path() / "~other/a");
    EXPECT_EQ(expandPath("a"), fs::current_path() / "a");
    EXPECT_EQ(expandPath("/a"), "/a");
    EXPECT_EQ(expandPath(""), "");
}

TEST(Paths, BaseDirectoryComesFromTheEnvironment) {
    const Environment home("HOME", "/home/someone");
    {
        const Environment unset("LARDER_BASE_DIR", nullptr);
        EXPECT_EQ(defaultBaseDir(), "/home/someone/.larder");
    }
    {
        const Environment empty("LARDER_BASE_DIR", "");
        EXPECT_EQ(defaultBaseDir(), "/home/someone/.larder");
    }
    const Environment set("LARDER_BASE_DIR", "~/pantry");
    EXPECT_EQ(defaultBaseDir(), "/home/someone/pantry");
}

TEST(ApiKey, IsMadeOnceAndPrivate) {
    TempFolder folder;
    const auto key = loadOrCreateApiKey(folder / "base");
    ASSERT_TRUE(key.ok());
    EXPECT_EQ(key->size(), 64u);
    EXPECT_EQ(modeOf(folder / "base/api-key"), fs::perms(0600));
    EXPECT_EQ(modeOf(folder / "base"), fs::perms(0700));
    EXPECT_EQ(*loadOrCreateApiKey(folder / "base"), *key);
    EXPECT_NE(*loadOrCreateApiKey(folder / "other"), *key);
}

TEST(ApiKey, OfTheUserIsTakenAndMadePrivate) {
    TempFolder folder;
    write(folder / "api-key", "  my-own-key\r\n\n");
    fs::permissions(folder / "api-key", fs::perms(0644));
    EXPECT_EQ(*loadOrCreateApiKey(folder.path()), "my-own-key");
    EXPECT_EQ(modeOf(folder / "api-key"), fs::perms(0600));
    EXPECT_EQ(read(folder / "api-key"), "  my-own-key\r\n\n") << "the text is left alone";
}

TEST(ApiKey, RefusesWhatNoHeaderCanCarry) {
    for (const std::string& text : {std::string(""), std::string(" \n"), std::string("two words"), std::string("line\nline"),
                                   std::string("gr\xc3\xbc\xc3\x9f"), std::string("\x01"), std::string(5000, 'x')}) {
        TempFolder folder;
        write(folder / "api-key", text);
        const auto key = loadOrCreateApiKey(folder.path());
        ASSERT_FALSE(key.ok());
        EXPECT_THAT(key.error().message, HasSubstr((folder / "api-key").string()));
        EXPECT_EQ(read(folder / "api-key"), text);
    }
}

TEST(ParseSize, ReadsWhatPeopleWrite) {
    const std::pair<const char*, std::size_t> cases[] = {
        {"0", 0}, {"4096", 4096}, {"1k", 1024}, {"512M", 512u << 20}, {"20G", std::size_t{20} << 30}, {"1.5GiB", std::size_t{3} << 29},
        {"2 GB", std::size_t{2} << 30}, {" 7m ", 7u << 20}, {"1T", std::size_t{1} << 40}, {"100b", 100}, {"0.5K", 512},
        {"1.0000000001", 1}, {"0.1K", 102}, {"9007199254740993", 9007199254740993}, {"8388607T", std::size_t{8388607} << 40},
    };
    for (const auto& [text, bytes] : cases) {
        const auto size = parseSize(text);
        ASSERT_TRUE(size.ok()) << text;
        EXPECT_EQ(*size, bytes) << text;
    }
}

TEST(ParseSize, RefusesTheRest) {
    for (const char* text : {"", " ", "G", "-1", "+1", "1e3", "0x10", "1.", ".5", "1.5.5", "12 34", "1GG", "1X", "1KK", "1Gi", "inf", "nan",
                             "1,5G", "8388608T", "99999999999999999999999", "1 G B"}) {
        const auto size = parseSize(text);
        ASSERT_FALSE(size.ok()) << text;
        EXPECT_EQ(size.error().code, ErrorCode::InvalidArgument);
        EXPECT_THAT(size.error().message, HasSubstr(text));
    }
    EXPECT_FALSE(parseSize(std::string(100'000, '9')).ok());
}

}  // namespace
}  // namespace larder
