// What starts Codex on a local model.
#include <algorithm>

#include "tests/agents/agent_test.h"

namespace larder {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CodexAgentTest : public agents_test::AgentTest {
protected:
    CodexAgentTest() : AgentTest("codex") {}
    std::vector<std::string> settings(const std::string& model) {
        std::vector<std::string> given;
        for (const std::string& argument : plan(model).arguments)
            if (argument != "-c") given.push_back(argument);
        return given;
    }
};

TEST_F(CodexAgentTest, IsToldOfEverythingByItsArguments) {
    EXPECT_THAT(settings("roomy"),
                ElementsAre("model=\"roomy\"", "model_provider=\"larder\"", "model_providers.larder.name=\"Larder\"",
                            "model_providers.larder.base_url=\"http://127.0.0.1:1337/v1\"", "model_providers.larder.wire_api=\"responses\"",
                            "model_providers.larder.env_key=\"LARDER_KEY\"", "model_context_window=131072", "model_auto_compact_token_limit=115072",
                            "web_search=\"disabled\"", "analytics.enabled=false", "check_for_update_on_startup=false"));
    const AgentPlan made = plan();
    ASSERT_EQ(made.environment.size(), 1u);
    EXPECT_EQ(valueOf(made, "LARDER_KEY"), "secret-key");
    EXPECT_TRUE(made.environment[0].secret);
    EXPECT_THAT(plainText(made.argumentsWhy), testing::EndsWith("."));
    EXPECT_THAT(plan("roomy", {"exec", "fix it"}).arguments.back(), "fix it");
    server.models = {{"vast", 1'000'000}, {"unknown", 0}};
    EXPECT_THAT(settings("vast"), Contains("model_auto_compact_token_limit=900000"));
    EXPECT_THAT(settings("unknown"), testing::Each(testing::Not(HasSubstr("window"))));
}

TEST_F(CodexAgentTest, GetsAnyKeyWhereNoneIsAskedFor) {
    server.apiKey.clear();
    server.keyFile.clear();
    const AgentPlan made = plan();
    EXPECT_EQ(valueOf(made, "LARDER_KEY"), "larder");
    EXPECT_FALSE(made.environment[0].secret);
}

TEST_F(CodexAgentTest, WarnsOfWindowsAndManagedSettings) {
    EXPECT_THAT(warnings("middle"), IsEmpty());
    EXPECT_THAT(warnings("narrow"), ElementsAre(testing::AllOf(HasSubstr("Codex's first request alone takes 10000"), HasSubstr("keeps 2048 free"),
                                                               HasSubstr("It will not work."), HasSubstr("roomy (131072), middle (65536)"))));
    const auto file = write(folder / "etc/codex/managed_config.toml", "# model = 1\napproval_policy = \"never\"\nmodel_provider = \"openai\"\n");
    EXPECT_THAT(warnings(), ElementsAre(file.string() + " sets model_provider, and that overrides what Larder sets."));
}

TEST_F(CodexAgentTest, FindsTheNodeThatAScriptOfNpmNeeds) {
    const auto bin = folder / "home/.nvm/versions/node/v22.3.0/bin";
    program(bin / "codex");
    EXPECT_EQ(valueOf(plan(), "PATH"), "(not set)");
    program(bin / "node");
    EXPECT_EQ(plan().agent.program, bin / "codex");
    EXPECT_EQ(valueOf(plan(), "PATH"), bin.string() + ":" + variables["PATH"]);
    program(folder / "bin/node");
    EXPECT_EQ(valueOf(plan(), "PATH"), "(not set)") << "there is one";
}

}  // namespace
}  // namespace larder
