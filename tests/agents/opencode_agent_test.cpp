// What starts OpenCode on a local model.
#include <nlohmann/json.hpp>

#include "tests/agents/agent_test.h"

namespace larder {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class OpenCodeAgentTest : public agents_test::AgentTest {
protected:
    OpenCodeAgentTest() : AgentTest("opencode") {}
    nlohmann::json settings(const std::string& model) { return nlohmann::json::parse(valueOf(plan(model), "OPENCODE_CONFIG_CONTENT")); }
};

TEST_F(OpenCodeAgentTest, IsToldOfEverythingInOneVariable) {
    const auto expected = nlohmann::json::parse(R"({
        "model": "larder/roomy", "small_model": "larder/roomy", "enabled_providers": ["larder"], "disabled_providers": [], "autoupdate": false,
        "provider": {"larder": {"npm": "@ai-sdk/openai-compatible", "name": "Larder",
                                "options": {"baseURL": "http://127.0.0.1:1337/v1", "apiKey": "{env:LARDER_KEY}"},
                                "models": {"roomy": {"name": "roomy", "limit": {"context": 131072, "output": 16384}}}}}})");
    EXPECT_EQ(settings("roomy"), expected);
    EXPECT_EQ(valueOf(plan(), "LARDER_KEY"), "secret-key");
    EXPECT_EQ(valueOf(plan(), "OPENCODE_DISABLE_MODELS_FETCH"), "1");
    EXPECT_THAT(plan("roomy", {"run", "fix it"}).arguments, ElementsAre("run", "fix it"));
    server.models = {{"unknown", 0}};
    EXPECT_FALSE(settings("unknown")["provider"]["larder"]["models"]["unknown"].contains("limit"));
}

TEST_F(OpenCodeAgentTest, IsFoundWhereItsInstallerPutsIt) {
    EXPECT_EQ(found().installCommand, "npm install -g opencode-ai");
    program(folder / "home/.opencode/bin/opencode");
    EXPECT_EQ(found().program, folder / "home/.opencode/bin/opencode");
}

TEST_F(OpenCodeAgentTest, WarnsOfSettingsThatWin) {
    EXPECT_THAT(warnings(), IsEmpty());
    const auto own = write(folder / "home/.config/opencode/opencode.jsonc",
                           "{ // mine\n \"model\": \"openai/gpt\", /* a \"note\" */ \"agent\": {\"review\": {\"model\": \"openai/gpt\",}, \"plan\": {},},\n}\n");
    const auto project = write(folder / "project/opencode.json", "{\"agent\": ");
    const auto managed = write(folder / "etc/opencode/opencode.json", R"({"enabled_providers": ["openai"], "url": "http://a//b"})");
    variables["OPENCODE_CONFIG_CONTENT"] = "{}";
    EXPECT_THAT(warnings(), testing::UnorderedElementsAre(testing::AllOf(HasSubstr(own.string()), HasSubstr("the agent \"review\" a model of its own")),
                                                          HasSubstr(project.string() + " is not valid JSON"),
                                                          HasSubstr(managed.string() + " sets enabled_providers, and that overrides"),
                                                          HasSubstr("OPENCODE_CONFIG_CONTENT is set in your environment")));
    variables.erase("OPENCODE_CONFIG_CONTENT");
    variables["XDG_CONFIG_HOME"] = (folder / "moved").string();
    EXPECT_EQ(warnings().size(), 2u) << "the project's and the administrator's";
}

TEST_F(OpenCodeAgentTest, WritesNothing) {
    program(folder / "bin" / "opencode");
    EXPECT_TRUE(plan().files.empty());
    EXPECT_THAT(files(), ElementsAre("bin/opencode"));
}

}  // namespace
}  // namespace larder
