// What starts Claude Code on a local model: where it is found, what is set, what is warned about.
#include <gmock/gmock.h>

#include <algorithm>
#include <map>

#include "tests/agents/agent_test.h"

namespace larder {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ClaudeCodeTest : public agents_test::AgentTest {
protected:
    ClaudeCodeTest() : AgentTest("claude") {}
};

TEST_F(ClaudeCodeTest, IsFoundInEveryPlaceAndOnlyWhereItCanRun) {
    EXPECT_FALSE(found().detected);
    EXPECT_EQ(found().installCommand, "npm install -g @anthropic-ai/claude-code");
    const fs::path home = folder / "home";
    write(home / ".npmrc", "audit=false\nprefix = ~/packages\n");
    variables["npm_config_prefix"] = (folder / "prefix").string();
    // The last place first: each one found later comes before it.
    for (const fs::path& place :
         {home / ".nvm/versions/node/v18.1.0/bin", home / ".nvm/versions/node/v22.3.0/bin", home / ".npm-global/bin", home / "packages/bin",
          folder / "prefix/bin", home / ".local/bin", home / ".claude/local", folder / "bin"}) {
        write(place / "claude", "not executable");
        EXPECT_NE(found().program, place / "claude");
        program(place / "claude");
        EXPECT_TRUE(found().detected);
        EXPECT_EQ(found().program, place / "claude");
    }
    fs::remove(folder / "bin" / "claude");
    fs::create_directories(folder / "bin" / "claude");   // a folder of that name runs nothing
    EXPECT_EQ(found().program, home / ".claude/local/claude");
}

TEST_F(ClaudeCodeTest, SetsWhatALocalModelNeeds) {
    const AgentPlan made = plan();
    const std::map<std::string, std::string> expected = {
        {"ANTHROPIC_BASE_URL", "http://127.0.0.1:1337"},
        {"ANTHROPIC_AUTH_TOKEN", "secret-key"},
        {"ANTHROPIC_API_KEY", ""},
        {"ANTHROPIC_DEFAULT_OPUS_MODEL", "roomy"},
        {"ANTHROPIC_DEFAULT_SONNET_MODEL", "roomy"},
        {"ANTHROPIC_DEFAULT_HAIKU_MODEL", "roomy"},
        {"CLAUDE_CODE_SUBAGENT_MODEL", "roomy"},
        {"CLAUDE_CODE_ATTRIBUTION_HEADER", "0"},
        {"CLAUDE_CODE_TOTAL_TOKENS_REMINDER", "off"},
        {"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"},
        {"CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK", "1"},
        {"API_TIMEOUT_MS", "3000000"},
        {"CLAUDE_STREAM_IDLE_TIMEOUT_MS", "600000"},
        {"CLAUDE_CODE_AUTO_COMPACT_WINDOW", "131072"},
        {"CLAUDE_CODE_MAX_CONTEXT_TOKENS", "131072"},
        {"CLAUDE_CODE_MAX_OUTPUT_TOKENS", "16384"}};
    std::map<std::string, std::string> set;
    for (const AgentVariable& variable : made.environment) {
        set[variable.name] = variable.value;
        EXPECT_THAT(plainText(variable.why), testing::EndsWith(".")) << variable.name;
        EXPECT_EQ(variable.secret, variable.name == "ANTHROPIC_AUTH_TOKEN") << variable.name;
    }
    EXPECT_EQ(set, expected);
    EXPECT_EQ(set.size(), made.environment.size());
    EXPECT_THAT(made.arguments, ElementsAre("--model", "roomy", "--disallowedTools=LSP"));
    EXPECT_EQ(valueOf(plan("narrow"), "CLAUDE_CODE_MAX_OUTPUT_TOKENS"), "1024");
    EXPECT_EQ(valueOf(plan("narrow"), "CLAUDE_CODE_MAX_CONTEXT_TOKENS"), "8192");
    server.models = {{"vast", 1'000'000}};
    EXPECT_EQ(valueOf(plan("vast"), "CLAUDE_CODE_MAX_OUTPUT_TOKENS"), "32000");
}

TEST_F(ClaudeCodeTest, SetsATokenThatIsNoSecretWhereNoKeyIsAskedFor) {
    server.apiKey.clear();
    server.keyFile.clear();
    const AgentPlan made = plan();
    EXPECT_EQ(valueOf(made, "ANTHROPIC_AUTH_TOKEN"), "larder");
    EXPECT_TRUE(std::none_of(made.environment.begin(), made.environment.end(), [](const AgentVariable& each) { return each.secret; }));
}

TEST_F(ClaudeCodeTest, LeavesToTheUserWhatTheUserSays) {
    EXPECT_THAT(plan("roomy", {"-p", "fix it"}).arguments, ElementsAre("--model", "roomy", "--disallowedTools=LSP", "-p", "fix it"));
    EXPECT_THAT(plan("roomy", {"--model", "opus"}).arguments, ElementsAre("--disallowedTools=LSP", "--model", "opus"));
    EXPECT_THAT(plan("roomy", {"--model=opus", "--disallowed-tools", "Bash"}).arguments, ElementsAre("--model=opus", "--disallowed-tools", "Bash"));
    EXPECT_THAT(plan("roomy", {"--disallowedTools=Bash"}).arguments, ElementsAre("--model", "roomy", "--disallowedTools=Bash"));
    EXPECT_THAT(plan("roomy", {"--models"}).arguments, ElementsAre("--model", "roomy", "--disallowedTools=LSP", "--models"));
}

TEST_F(ClaudeCodeTest, TakesTheModelWithMostRoomWhereNoneIsNamed) {
    std::reverse(server.models.begin(), server.models.end());
    EXPECT_EQ(plan("").model.name, "roomy");
    const auto unknown = planAgent("claude", server, "other", {}, surroundings());
    ASSERT_FALSE(unknown.ok());
    EXPECT_EQ(unknown.error().code, ErrorCode::NotFound);
    EXPECT_THAT(unknown.error().message, HasSubstr("\"other\"; there are narrow, middle, roomy"));
    server.models.clear();
    EXPECT_EQ(planAgent("claude", server, "", {}, surroundings()).error().code, ErrorCode::NotFound);
    const auto agent = planAgent("emacs", server, "roomy", {}, surroundings());
    EXPECT_EQ(agent.error().code, ErrorCode::NotFound);
    EXPECT_THAT(agent.error().message, HasSubstr("\"emacs\"; it can start claude, codex, opencode, qwen"));
}

TEST_F(ClaudeCodeTest, SaysThatItIsNotInstalled) {
    ASSERT_EQ(plan().warnings.size(), 1u);
    EXPECT_THAT(plainText(plan().warnings[0]), testing::AllOf(HasSubstr("was not found"), HasSubstr("npm install -g @anthropic-ai/claude-code")));
    EXPECT_THAT(warnings(), IsEmpty());
}

TEST_F(ClaudeCodeTest, SaysThatTheWindowIsSmallAndWhichModelsHaveRoom) {
    const auto narrow = warnings("narrow");
    ASSERT_EQ(narrow.size(), 1u);
    EXPECT_THAT(narrow[0], testing::AllOf(HasSubstr("8192 tokens"), HasSubstr("will not work"), HasSubstr("roomy (131072), middle (65536)")));
    EXPECT_THAT(warnings("middle"), IsEmpty());
    server.models = {{"narrow", 8192}, {"short", 40'960}};
    const auto alone = warnings("short");
    ASSERT_EQ(alone.size(), 1u);
    EXPECT_THAT(alone[0], testing::AllOf(HasSubstr("keeps 18120 free"), HasSubstr("every few turns"), HasSubstr("No model here"), HasSubstr("--context")));
    server.models = {{"unknown", 0}};
    EXPECT_THAT(warnings("unknown"), ElementsAre(HasSubstr("not known")));
    EXPECT_EQ(valueOf(plan("unknown"), "CLAUDE_CODE_MAX_CONTEXT_TOKENS"), "(not set)");
}

TEST_F(ClaudeCodeTest, SaysWhichSettingsFileOverridesWhat) {
    const fs::path own = write(folder / "home/.claude/settings.json",
                               R"({"env": {"ANTHROPIC_BASE_URL": "https://elsewhere.example", "API_TIMEOUT_MS": 3000000, "EDITOR": "vi"}})");
    const fs::path local = write(folder / "home/.claude/settings.local.json", R"({"env": {"ANTHROPIC_AUTH_TOKEN": "sk-private"}})");
    const fs::path project = write(folder / "project/.claude/settings.json", R"({"env": {"CLAUDE_CODE_MAX_OUTPUT_TOKENS": 64000}})");
    const fs::path broken = write(folder / "project/.claude/settings.local.json", "{\"env\": ");
    const fs::path managed = write(folder / "etc/claude-code/managed-settings.json",
                                   R"({"env": {"CLAUDE_CODE_USE_BEDROCK": "1", "CLAUDE_CODE_USE_VERTEX": "0"}})");
    const auto said = warnings();
    EXPECT_THAT(said, testing::UnorderedElementsAre(
                          testing::AllOf(HasSubstr(own.string()), HasSubstr("ANTHROPIC_BASE_URL"), HasSubstr("overrides")),
                          testing::AllOf(HasSubstr(local.string()), HasSubstr("ANTHROPIC_AUTH_TOKEN"), HasSubstr("overrides")),
                          testing::AllOf(HasSubstr(project.string()), HasSubstr("CLAUDE_CODE_MAX_OUTPUT_TOKENS"), HasSubstr("overrides")),
                          testing::AllOf(HasSubstr(broken.string()), HasSubstr("not valid JSON")),
                          testing::AllOf(HasSubstr(managed.string()), HasSubstr("CLAUDE_CODE_USE_BEDROCK"), HasSubstr("away"))));
    EXPECT_THAT(said, testing::Each(testing::Not(HasSubstr("sk-private"))));
}

TEST_F(ClaudeCodeTest, LooksWhereItsConfigurationWasMovedTo) {
    write(folder / "home/.claude/settings.json", R"({"env": {"API_TIMEOUT_MS": "5"}})");
    const fs::path moved = write(folder / "moved/settings.json", R"({"env": {"CLAUDE_CODE_ATTRIBUTION_HEADER": true}})");
    variables["CLAUDE_CONFIG_DIR"] = (folder / "moved").string();
    variables["ANTHROPIC_SMALL_FAST_MODEL"] = "haiku";
    EXPECT_THAT(warnings(), testing::UnorderedElementsAre(testing::AllOf(HasSubstr(moved.string()), HasSubstr("CLAUDE_CODE_ATTRIBUTION_HEADER")),
                                                          HasSubstr("ANTHROPIC_SMALL_FAST_MODEL is set in your environment")));
}

TEST_F(ClaudeCodeTest, WritesNothing) {
    program(folder / "bin" / "claude");
    (void)plan();
    EXPECT_THAT(files(), ElementsAre("bin/claude"));
}

}  // namespace
}  // namespace larder
