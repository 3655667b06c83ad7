#include "engine/settings.h"

#include <gmock/gmock.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>

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
    settings.coldCompression = ColdCompression::Zstd;
    settings.coldBytesPerDay = 0;
    settings.coldFloorBytes = 5'000'000'000;
    settings.kvType = KvType::F32;
    settings.contextTokens = 4096;
    settings.maxRunning = 3;
    settings.maxWaiting = 0;
    settings.threads = 7;
    settings.modelMemoryBytes = 12'000'000'000;
    settings.idleUnloadMinutes = 30;
    settings.pinnedModels = {"Größe.gguf", "other \"one\""};
    settings.hubEndpoint = "https://mirror.example/hf";
    settings.proxy = "socks5://me:secret@localhost:1080";
    settings.caFile = folder / "certificates.pem";
    settings.downloadConnections = 9;
    settings.useHuggingFaceCache = false;
    settings.setupDone = true;
    settings.startServerOnLaunch = false;
    settings.appearance = "dark";
    settings.language = "pt_BR";
    settings.keepRunningWhenClosed = false;
    settings.closeAsked = true;
    settings.notifications = false;
    settings.lowDiskBytes = 0;
    ASSERT_TRUE(saveSettings(settings).ok());
    EXPECT_EQ(modeOf(folder / "new/base/settings.json"), fs::perms(0600));
    EXPECT_EQ(modeOf(folder / "new/base"), fs::perms(0700));

    const auto again = loadSettings(settings.baseDir);
    ASSERT_TRUE(again.ok()) << again.error().message;
    EXPECT_EQ(again->baseDir, settings.baseDir);
    EXPECT_EQ(again->modelDir, settings.modelDir);
    EXPECT_EQ(again->caFile, settings.caFile);
    EXPECT_TRUE(*again == settings) << read(folder / "new/base/settings.json");
    // Back at the defaults nothing but the braces is left.
    Settings defaults;
    defaults.baseDir = settings.baseDir;
    ASSERT_TRUE(saveSettings(defaults).ok());
    EXPECT_EQ(read(folder / "new/base/settings.json"), "{}\n");
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
        {R"({"cold_compression": "lz4"})", "\"cold_compression\" must be \"none\" or \"zstd\""},
        {R"({"cold_bytes_per_day": "lots"})", "\"cold_bytes_per_day\" is not a size"},
        {R"({"cold_floor": true})", "\"cold_floor\" must be a size"},
        {R"({"kv_type": "q8"})", "\"kv_type\" must be \"f16\" or \"f32\""},
        {R"({"threads": [1]})", "\"threads\""},
        {R"({"model_memory": "much"})", "\"model_memory\" is not a size"},
        {R"({"idle_unload_minutes": -1})", "\"idle_unload_minutes\" must be a whole number from 0 to 1000000"},
        {R"({"pinned_models": "a"})", "\"pinned_models\" must be a list of names in quotes"},
        {R"({"pinned_models": ["a", 1]})", "\"pinned_models\" must be a list"},
        {R"({"hub_endpoint": 1})", "\"hub_endpoint\" must be a text"},
        {R"({"proxy": false})", "\"proxy\""},
        {R"({"ca_file": {}})", "\"ca_file\""},
        {R"({"download_connections": 0})", "\"download_connections\" must be a whole number from 1 to 16"},
        {R"({"download_connections": 17})", "\"download_connections\""},
        {R"({"use_hugging_face_cache": 1})", "\"use_hugging_face_cache\" must be true or false"},
        {R"({"setup_done": "yes"})", "\"setup_done\""},
        {R"({"start_server_on_launch": 0})", "\"start_server_on_launch\""},
        {R"({"appearance": "pink"})", "\"appearance\" must be \"system\", \"light\" or \"dark\""},
        {R"({"appearance": 3})", "\"appearance\" must be a text"},
        {R"({"language": ["de"]})", "\"language\""},
        {R"({"keep_running_when_closed": "x"})", "\"keep_running_when_closed\""},
        {R"({"close_asked": 2})", "\"close_asked\""},
        {R"({"notifications": {}})", "\"notifications\""},
        {R"({"low_disk": "little"})", "\"low_disk\" is not a size"},
        {R"({"low_disk": -1})", "\"low_disk\""},
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

TEST(Settings, AProblemIsNamedBeforeItIsStored) {
    EXPECT_EQ(findSettingsProblem(Settings{}), "");
    const auto problem = [](const std::function<void(Settings&)>& change) {
        Settings settings;
        change(settings);
        return findSettingsProblem(settings);
    };
    for (const char* host : {"localhost", "::1", "[::1]", "0.0.0.0", "192.168.1.5", "fe80::1%eth0"})
        EXPECT_EQ(problem([&](Settings& s) { s.host = host; }), "") << host;
    for (const char* host : {"", "my-machine", "1.2.3", "http://127.0.0.1", "127.0.0.1:80", "1.2.3.4 "})
        EXPECT_THAT(problem([&](Settings& s) { s.host = host; }), HasSubstr("is not an address")) << host;
    for (const char* host : {"0.0.0.0", "::", "192.168.1.5"})
        EXPECT_THAT(problem([&](Settings& s) { s.host = host; s.requireApiKey = false; }), HasSubstr("API key is needed")) << host;
    for (const char* host : {"127.0.0.1", "127.8.8.8", "::1", "localhost"})
        EXPECT_EQ(problem([&](Settings& s) { s.host = host; s.requireApiKey = false; }), "") << host;
    EXPECT_THAT(problem([](Settings& s) { s.apiKey = "two words"; }), HasSubstr("API key"));
    EXPECT_THAT(problem([](Settings& s) { s.apiKey = std::string(5000, 'x'); }), HasSubstr("API key"));
    EXPECT_THAT(problem([](Settings& s) { s.modelDir = "models"; }), HasSubstr("the model folder"));
    EXPECT_THAT(problem([](Settings& s) { s.baseDir = "~/x"; }), HasSubstr("the base folder"));
    EXPECT_THAT(problem([](Settings& s) { s.caFile = fs::path(std::string("/a\0b", 4)); }), HasSubstr("certificates"));
    EXPECT_THAT(problem([](Settings& s) { s.maxRunning = 0; }), HasSubstr("computed at the same time must be from 1 to 4096"));
    EXPECT_THAT(problem([](Settings& s) { s.maxWaiting = 1'000'000; }), HasSubstr("waiting"));
    EXPECT_THAT(problem([](Settings& s) { s.threads = 5000; }), HasSubstr("threads"));
    EXPECT_THAT(problem([](Settings& s) { s.contextTokens = SIZE_MAX; }), HasSubstr("window"));
    EXPECT_THAT(problem([](Settings& s) { s.downloadConnections = 0; }), HasSubstr("connections must be from 1 to 16"));
    EXPECT_THAT(problem([](Settings& s) { s.appearance = "pink"; }), HasSubstr("appearance"));
    EXPECT_THAT(problem([](Settings& s) { s.language = "../../x"; }), HasSubstr("language"));
    for (const char* language : {"", "de", "pt_BR", "zh-Hans"})
        EXPECT_EQ(problem([&](Settings& s) { s.language = language; }), "") << language;
}

TEST(Settings, WhatIsStoredIsNeverRefusedWhenItIsRead) {
    // The limits of the two must agree: what the form lets pass, the next start reads.
    TempFolder folder;
    Settings settings;
    settings.baseDir = folder.path();
    settings.modelDir = folder / "models";
    settings.maxRunning = 4096;
    settings.maxWaiting = 65536;
    settings.threads = 4096;
    settings.contextTokens = INT32_MAX;
    settings.downloadConnections = 16;
    settings.lowDiskBytes = UINT64_MAX;
    settings.apiKey = std::string(4096, 'k');
    ASSERT_EQ(findSettingsProblem(settings), "");
    ASSERT_TRUE(saveSettings(settings).ok());
    const auto again = loadSettings(folder.path());
    ASSERT_TRUE(again.ok()) << again.error().message;
    EXPECT_TRUE(*again == settings);
}

TEST(Settings, AddressesOfHubAndProxyAreLookedAt) {
    const auto hub = [](const std::string& url) { Settings s; s.hubEndpoint = url; return findSettingsProblem(s); };
    for (const char* url : {"", "https://huggingface.co", "HTTP://localhost:8080", "https://mirror.example/some/path/", "http://[::1]:80"})
        EXPECT_EQ(hub(url), "") << url;
    for (const char* url : {"huggingface.co", "ftp://x", "https://", "https:///x", "https://a b", "https://x:0", "https://x:99999", "https://x:",
                            "https://x?y", "https://x#y", "https://[::1", "https://[1]", "file:///etc/passwd", "https://x\n"})
        EXPECT_THAT(hub(url), HasSubstr("must be a URL such as")) << url;
    EXPECT_THAT(hub("https://me:secret@x"), HasSubstr("must not hold a user name"));
    EXPECT_THAT(hub("https://me:secret@x"), testing::Not(HasSubstr("secret")));

    const auto proxy = [](const std::string& url) { Settings s; s.proxy = url; return findSettingsProblem(s); };
    for (const char* url : {"", "http://proxy:3128", "proxy:3128", "socks5h://me:p@ss@10.0.0.1:1080", "https://[::1]:3128/", "proxy"})
        EXPECT_EQ(proxy(url), "") << url;
    for (const char* url : {"ftp://x:1", "http://", "http://x:y", "http://x/path", "http://me:secret@", "a b"})
        EXPECT_THAT(proxy(url), HasSubstr("the proxy must be written as")) << url;
    EXPECT_THAT(proxy("http://me:secret@x:y"), testing::Not(HasSubstr("secret")));
}

TEST(Settings, OnlyWhatTheServerUsesNeedsARestart) {
    Settings before;
    before.baseDir = "/base";
    before.modelDir = "/base/models";
    const auto restart = [&](const std::function<void(Settings&)>& change) {
        Settings after = before;
        change(after);
        return needsServerRestart(before, after);
    };
    const std::function<void(Settings&)> served[] = {
        [](Settings& s) { s.host = "::1"; },          [](Settings& s) { s.port = 1; },
        [](Settings& s) { s.requireApiKey = false; }, [](Settings& s) { s.apiKey = "new"; },
        [](Settings& s) { s.modelDir = "/other"; },   [](Settings& s) { s.hotCacheBytes = 1; },
        [](Settings& s) { s.kvType = KvType::F32; },  [](Settings& s) { s.contextTokens = 1; },
        [](Settings& s) { s.maxRunning = 1; },        [](Settings& s) { s.maxWaiting = 1; },
        [](Settings& s) { s.threads = 1; },           [](Settings& s) { s.useHuggingFaceCache = false; },
    };
    const std::function<void(Settings&)> others[] = {
        [](Settings&) {},                                [](Settings& s) { s.defaultModel = "x"; },
        [](Settings& s) { s.hubEndpoint = "http://x"; }, [](Settings& s) { s.proxy = "x"; },
        [](Settings& s) { s.caFile = "/x"; },            [](Settings& s) { s.downloadConnections = 1; },
        [](Settings& s) { s.setupDone = true; },         [](Settings& s) { s.startServerOnLaunch = false; },
        [](Settings& s) { s.appearance = "dark"; },      [](Settings& s) { s.language = "de"; },
        [](Settings& s) { s.closeAsked = true; },        [](Settings& s) { s.keepRunningWhenClosed = false; },
        [](Settings& s) { s.notifications = false; },    [](Settings& s) { s.lowDiskBytes = 1; },
        [](Settings& s) { s.modelDir.clear(); },         [](Settings& s) { s.coldCacheBytes = 1; },
        [](Settings& s) { s.modelMemoryBytes = 1; },     [](Settings& s) { s.idleUnloadMinutes = 1; },
        [](Settings& s) { s.pinnedModels = {"x"}; },     [](Settings& s) { s.coldCompression = ColdCompression::Zstd; },
        [](Settings& s) { s.coldBytesPerDay = 1; },      [](Settings& s) { s.coldFloorBytes = 1; },
    };
    for (std::size_t i = 0; i < std::size(served); ++i) EXPECT_TRUE(restart(served[i])) << i;
    for (std::size_t i = 0; i < std::size(others); ++i) EXPECT_FALSE(restart(others[i])) << i;
    before.requireApiKey = false;
    EXPECT_FALSE(restart([](Settings& s) { s.apiKey = "unused"; }));
}

TEST(Settings, FoldersInTheFileAreRelativeToIt) {
    TempFolder folder;
    const Environment home("HOME", "/home/someone");
    write(folder / "settings.json", R"({"model_dir": "../mine"})");
    EXPECT_EQ(loadSettings(folder.path())->modelDir, (folder.path().parent_path() / "mine"));
    write(folder / "settings.json", R"({"model_dir": "~/models"})");
    EXPECT_EQ(loadSettings(folder.path())->modelDir, "/home/someone/models");
    write(folder / "settings.json", R"({"model_dir": "/data", "ca_file": "certificates.pem"})");
    EXPECT_EQ(loadSettings(folder.path())->modelDir, "/data");
    EXPECT_EQ(loadSettings(folder.path())->caFile, folder / "certificates.pem");
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

TEST(Paths, ABaseDirectoryElsewhereIsRemembered) {
    TempFolder home;
    const Environment homeSet("HOME", home.path().c_str());
    const Environment unset("LARDER_BASE_DIR", nullptr);
    const Environment config("XDG_CONFIG_HOME", nullptr);
    ASSERT_TRUE(rememberBaseDir("/somewhere/with a space/larder").ok());
    EXPECT_EQ(defaultBaseDir(), "/somewhere/with a space/larder");
    {
        const Environment named("LARDER_BASE_DIR", "/named");
        EXPECT_EQ(defaultBaseDir(), "/named");
    }
    {
        const Environment elsewhere("XDG_CONFIG_HOME", (home / "configuration").c_str());
        EXPECT_EQ(defaultBaseDir(), home / ".larder");
    }
    ASSERT_TRUE(rememberBaseDir(home / ".larder").ok());
    EXPECT_EQ(defaultBaseDir(), home / ".larder");
    EXPECT_FALSE(fs::exists(home / ".config/larder/base-dir"));
    ASSERT_TRUE(rememberBaseDir(home / ".larder").ok());

    // A note that nobody wrote for us changes nothing.
    std::ofstream(home / ".config/larder/base-dir") << "relative/path\n";
    EXPECT_EQ(defaultBaseDir(), home / ".larder");
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

TEST(ApiKey, CanBeRenewed) {
    TempFolder folder;
    const auto first = loadOrCreateApiKey(folder / "base");
    const auto second = renewApiKey(folder / "base");
    ASSERT_TRUE(first.ok() && second.ok());
    EXPECT_NE(*first, *second);
    EXPECT_EQ(second->size(), 64u);
    EXPECT_EQ(*loadOrCreateApiKey(folder / "base"), *second);
    EXPECT_EQ(modeOf(folder / "base/api-key"), fs::perms(0600));
    write(folder / "base/api-key", "broken key");
    EXPECT_TRUE(renewApiKey(folder / "base").ok()) << "also in place of one that cannot be used";
    write(folder / "file", "x");
    EXPECT_FALSE(renewApiKey(folder / "file").ok());
    EXPECT_TRUE(renewApiKey(folder / "new/base").ok()) << "before the first start, too";
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
