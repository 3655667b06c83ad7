// What starts Qwen Code on a local model: a file of Larder's own.
#include <nlohmann/json.hpp>

#include "tests/agents/agent_test.h"

namespace larder {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class QwenCodeTest : public agents_test::AgentTest {
protected:
    QwenCodeTest() : AgentTest("qwen") {}
    nlohmann::json settings(const std::string& model = "roomy") {
        const AgentPlan made = plan(model);
        EXPECT_EQ(made.files.size(), 1u);
        return nlohmann::json::parse(made.files.at(0).text);
    }
};

TEST_F(QwenCodeTest, IsToldOfEverythingInAFileOfLardersOwn) {
    const auto expected = nlohmann::json::parse(R"json({
        "$version": 4, "security": {"auth": {"selectedType": "openai"}}, "model": {"name": "roomy"},
        "modelProviders": {"openai": [{"id": "roomy", "name": "roomy (Larder)", "envKey": "LARDER_KEY", "baseUrl": "http://127.0.0.1:1337/v1",
            "generationConfig": {"contextWindowSize": 131072, "samplingParams": {"max_tokens": 16384}, "timeout": 3000000}}]},
        "privacy": {"usageStatisticsEnabled": false}, "general": {"enableAutoUpdate": false}, "memory": {"enableManagedAutoMemory": false}})json");
    EXPECT_EQ(settings(), expected);
    const AgentPlan made = plan("roomy", {"-p", "fix it"});
    EXPECT_EQ(valueOf(made, "LARDER_KEY"), "secret-key");
    EXPECT_EQ(valueOf(made, "QWEN_CODE_SYSTEM_SETTINGS_PATH"), (folder / "base/agents/qwen-code.json").string());
    EXPECT_EQ(made.files[0].path, folder / "base/agents/qwen-code.json");
    EXPECT_THAT(made.files[0].text, testing::Not(HasSubstr("secret-key")));
    EXPECT_THAT(made.arguments, ElementsAre("-p", "fix it"));
    server.models = {{"unknown", 0}};
    EXPECT_FALSE(settings("unknown")["modelProviders"]["openai"][0]["generationConfig"].contains("contextWindowSize"));
}

TEST_F(QwenCodeTest, WritesTheFileWhenTold) {
    program(folder / "bin" / "qwen");
    const AgentPlan made = plan();
    EXPECT_THAT(files(), ElementsAre("bin/qwen")) << "not by planning";
    ASSERT_TRUE(writeAgentFiles(made).ok());
    EXPECT_THAT(files(), testing::UnorderedElementsAre("bin/qwen", "base/agents/qwen-code.json"));
    EXPECT_EQ(std::filesystem::status(made.files[0].path).permissions(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(QwenCodeTest, KeepsWhatAdministratorsSet) {
    write(folder / "etc/qwen-code/settings.json", R"({"tools": {"exclude": ["web_fetch"]}, "model": {"name": "other", "maxSessionTurns": 9}, /* */ })");
    auto made = settings();
    EXPECT_EQ(made["tools"]["exclude"][0], "web_fetch");
    EXPECT_EQ(made["model"]["maxSessionTurns"], 9);
    EXPECT_EQ(made["model"]["name"], "roomy");
    EXPECT_THAT(warnings(), IsEmpty());
    const auto moved = write(folder / "moved.json", "{");
    variables["QWEN_CODE_SYSTEM_SETTINGS_PATH"] = moved.string();
    EXPECT_THAT(warnings(), ElementsAre(HasSubstr(moved.string() + " is not valid JSON")));
    EXPECT_FALSE(settings().contains("tools"));
}

TEST_F(QwenCodeTest, WarnsThatItNeedsALargeWindow) {
    EXPECT_THAT(warnings("middle"), ElementsAre(testing::AllOf(HasSubstr("takes 20000 or more, and it keeps 33000 free."), HasSubstr("every few turns"),
                                                               HasSubstr("With more room there is, in tokens: roomy (131072)."))));
}

}  // namespace
}  // namespace larder
