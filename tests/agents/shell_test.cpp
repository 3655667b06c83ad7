// Commands and snippets to copy: a real shell and real interpreters read them back.
#include <gmock/gmock.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/agents.h"
#include "tests/support/temp_folder.h"

namespace larder {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string outputOf(const std::string& command) {
    std::string text;
    FILE* pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) return "(no shell)";
    std::array<char, 4096> bytes{};
    for (std::size_t got = 0; (got = std::fread(bytes.data(), 1, bytes.size(), pipe)) > 0;) text.append(bytes.data(), got);
    ::pclose(pipe);
    return text;
}

AgentPlan planThatPrints(const std::string& program) {
    AgentPlan plan;
    plan.agent.id = "claude";
    plan.agent.program = program;
    plan.environment = {{"FIRST", "it's $HOME \"now\" `id`", {}, false}, {"EMPTY", "", {}, false}, {"TOKEN", "secret", {}, true}};
    plan.arguments = {"--model", "Qwen3 (new)*", "", "-p", "line\nline; rm -rf ~"};
    return plan;
}

TEST(ShellTest, AShellReadsTheCommandBack) {
    const support::TempFolder folder;
    const std::string program = (folder / "my claude").string();
    std::ofstream(program) << "#!/bin/sh\nprintf '[%s]' \"$FIRST\" \"${EMPTY-unset}\" \"$TOKEN\" \"$@\"\n";
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    const AgentPlan plan = planThatPrints(program);
    EXPECT_EQ(outputOf(shellCommand(plan)),
              "[it's $HOME \"now\" `id`][][secret][--model][Qwen3 (new)*][][-p][line\nline; rm -rf ~]");

    AgentServer server;
    server.keyFile = folder / "it's the key";
    std::ofstream(server.keyFile) << "0123abc\n";
    const std::string hidden = shellCommand(plan, shellKey(server));
    EXPECT_THAT(hidden, Not(HasSubstr("secret")));
    EXPECT_THAT(outputOf(hidden), HasSubstr("[0123abc][--model]"));
    server.keyFile.clear();
    EXPECT_THAT(outputOf("LARDER_KEY='a b'; " + shellCommand(plan, shellKey(server))), HasSubstr("[a b][--model]"));
}

TEST(ShellTest, ACommandMakesTheFilesOfThePlan) {
    const support::TempFolder folder;
    const std::string program = (folder / "agent").string();
    std::ofstream(program) << "#!/bin/sh\ncat \"$SETTINGS\"\n";
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    AgentPlan plan;
    plan.agent.program = program;
    const std::filesystem::path file = folder / "it's new" / "settings.json";
    plan.environment = {{"SETTINGS", file.string(), {}, false}};
    plan.files = {{file, "{\"name\":\"it's %s \\\\n\"}\n", {}}};
    EXPECT_EQ(outputOf(shellCommand(plan)), plan.files[0].text);
    EXPECT_EQ(std::filesystem::status(file).permissions(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    plan.files[0].text = "again\n";
    ASSERT_TRUE(writeAgentFiles(plan).ok());
    std::string text;
    std::getline(std::ifstream(file), text);
    EXPECT_EQ(text, "again");
    EXPECT_EQ(std::filesystem::status(file).permissions(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST(ShellTest, QuotesOnlyWhatNeedsIt) {
    EXPECT_EQ(shellQuoted("--model=SmolLM2-135M.Q4_1"), "--model=SmolLM2-135M.Q4_1");
    EXPECT_EQ(shellQuoted(""), "''");
    EXPECT_EQ(shellQuoted("~/x"), "'~/x'");
    EXPECT_EQ(shellQuoted("it's"), "'it'\\''s'");
    AgentPlan plan;
    plan.agent.id = "claude";
    EXPECT_EQ(shellCommand(plan), "claude");
    plan.agent.program = "a=b";
    EXPECT_EQ(shellCommand(plan), "'a=b'");
}

class SnippetTest : public testing::Test {
protected:
    std::string text(const std::string& id) const {
        for (const Snippet& snippet : agentSnippets(server, "my \"model\""))
            if (snippet.id == id) return snippet.text;
        return "(none)";
    }
    // Runs the snippet in sh with a program of that name in front of PATH which prints its arguments and $LARDER_KEY.
    std::string runAs(const std::string& program, const std::string& script) const {
        std::ofstream(folder / program) << "#!/bin/sh\nprintf '[%s]' \"$LARDER_KEY\" \"$@\"\n";
        std::filesystem::permissions(folder / program, std::filesystem::perms::owner_all);
        std::ofstream(folder / "script") << script;
        return outputOf("PATH='" + folder.path().string() + "':$PATH sh '" + (folder / "script").string() + "' 2>&1");
    }
    void writeKey() {
        server.keyFile = folder / "api-key";
        server.apiKey = "the-key";
        std::ofstream(server.keyFile) << "the-key\n";
    }

    support::TempFolder folder;
    AgentServer server{"http://127.0.0.1:1337", "", {}, {}};
};

TEST_F(SnippetTest, SayWhereTheKeyIsAndNotWhatItIs) {
    writeKey();
    for (const Snippet& snippet : agentSnippets(server, "tiny-model")) {
        EXPECT_THAT(snippet.text, Not(HasSubstr("the-key"))) << snippet.id;
        EXPECT_THAT(snippet.text, HasSubstr("The API key is in " + server.keyFile.string())) << snippet.id;
        EXPECT_THAT(snippet.text, HasSubstr("http://127.0.0.1:1337")) << snippet.id;
        EXPECT_THAT(snippet.text, HasSubstr("tiny-model")) << snippet.id;
    }
    server.keyFile.clear();   // the user's own key
    for (const Snippet& snippet : agentSnippets(server, "tiny-model")) {
        EXPECT_THAT(snippet.text, Not(HasSubstr("the-key"))) << snippet.id;
        EXPECT_THAT(snippet.text, HasSubstr("LARDER_KEY")) << snippet.id;
    }
    server.apiKey.clear();
    for (const Snippet& snippet : agentSnippets(server, "tiny-model")) EXPECT_THAT(snippet.text, HasSubstr("asks for no key")) << snippet.id;
}

TEST_F(SnippetTest, CurlGetsTheKeyAndTheQuestion) {
    writeKey();
    const std::string said = runAs("curl", text("curl"));
    EXPECT_THAT(said, HasSubstr("[http://127.0.0.1:1337/v1/chat/completions][-H][Authorization: Bearer the-key][-H]"));
    const std::size_t body = said.find("[{");
    ASSERT_NE(body, std::string::npos);
    const auto json = nlohmann::json::parse(said.substr(body + 1, said.size() - body - 2));
    EXPECT_EQ(json["model"], "my \"model\"");
    EXPECT_EQ(json["messages"][0]["content"], "Hello!");
    server.keyFile.clear();
    server.apiKey.clear();
    EXPECT_THAT(runAs("curl", text("curl")), Not(HasSubstr("Authorization")));
}

TEST_F(SnippetTest, CodexGetsItsProvider) {
    writeKey();
    EXPECT_THAT(runAs("codex", text("codex")),
                testing::AllOf(HasSubstr("[the-key][-c][model=\"my \\\"model\\\"\"]"), HasSubstr("[model_providers.larder.base_url=\"http://127.0.0.1:1337/v1\"]"),
                               HasSubstr("[model_providers.larder.env_key=\"LARDER_KEY\"]"), HasSubstr("[model_provider=\"larder\"]")));
    server.keyFile.clear();
    server.apiKey.clear();
    EXPECT_THAT(runAs("codex", text("codex")), HasSubstr("[larder][-c]"));
}

TEST_F(SnippetTest, PythonCompiles) {
    for (int key = 0; key < 3; ++key) {
        if (key == 1) server.apiKey = "the-key";
        if (key == 2) writeKey();
        std::ofstream(folder / "hello.py") << text("python");
        EXPECT_EQ(outputOf("python3 -m py_compile '" + (folder / "hello.py").string() + "' 2>&1"), "");
    }
}

}  // namespace
}  // namespace larder
