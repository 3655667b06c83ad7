// A machine made up for tests of agents: home, project, PATH and administrators' folder below one temporary folder, and a server with
// three models.
#pragma once

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/agents.h"
#include "tests/support/temp_folder.h"

namespace larder::agents_test {

class AgentTest : public testing::Test {
protected:
    explicit AgentTest(std::string agent) : id(std::move(agent)) {
        std::filesystem::create_directories(folder / "home");
        std::filesystem::create_directories(folder / "project");
        std::filesystem::create_directories(folder / "bin");
        variables["PATH"] = (folder / "elsewhere").string() + "::" + (folder / "bin").string();
    }
    AgentSurroundings surroundings() {
        AgentSurroundings made;
        made.environment = [this](const std::string& name) -> std::optional<std::string> {
            const auto found = variables.find(name);
            return found == variables.end() ? std::nullopt : std::optional(found->second);
        };
        made.home = folder / "home";
        made.workingFolder = folder / "project";
        made.systemFolder = folder / "etc";
        return made;
    }
    std::filesystem::path write(const std::filesystem::path& file, const std::string& text) {
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << text;
        return file;
    }
    std::filesystem::path program(const std::filesystem::path& file) {
        write(file, "#!/bin/sh\n");
        std::filesystem::permissions(file, std::filesystem::perms::owner_all);
        return file;
    }
    AgentInfo found() {
        for (AgentInfo& each : findAgents(surroundings()))
            if (each.id == id) return each;
        return {};
    }
    AgentPlan plan(const std::string& model = "roomy", const std::vector<std::string>& more = {}) {
        auto made = planAgent(id, server, model, more, surroundings());
        EXPECT_TRUE(made.ok()) << (made.ok() ? "" : made.error().message);
        return made.ok() ? *made : AgentPlan{};
    }
    // The warnings but for the one that the program was not found.
    std::vector<std::string> warnings(const std::string& model = "roomy") {
        program(folder / "bin" / id);
        std::vector<std::string> said;
        for (const AgentText& warning : plan(model).warnings) said.push_back(plainText(warning));
        return said;
    }
    static std::string valueOf(const AgentPlan& plan, const std::string& name) {
        for (const AgentVariable& variable : plan.environment)
            if (variable.name == name) return variable.value;
        return "(not set)";
    }

    // The files below the folder, by their paths in it.
    std::vector<std::string> files() const {
        std::vector<std::string> found;
        for (const auto& each : std::filesystem::recursive_directory_iterator(folder.path()))
            if (each.is_regular_file()) found.push_back(each.path().lexically_relative(folder.path()).string());
        return found;
    }

    const std::string id;
    support::TempFolder folder;
    std::map<std::string, std::string> variables;
    AgentServer server{"http://127.0.0.1:1337", "secret-key", "/base/api-key", {{"roomy", 131'072}, {"middle", 65'536}, {"narrow", 8192}}, folder / "base"};
};

}  // namespace larder::agents_test
