// Models in the Hugging Face cache: seen through findModels().
#include <gmock/gmock.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <optional>

#include "engine/models.h"
#include "tests/support/gguf_writer.h"
#include "tests/support/temp_folder.h"

namespace larder {
namespace {

namespace fs = std::filesystem;
using support::TempFolder;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kVariables[] = {"HF_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME", "HOME"};

std::vector<std::string> namesOf(const std::vector<ModelInfo>& models) {
    std::vector<std::string> list;
    for (const ModelInfo& model : models) list.push_back(model.name);
    return list;
}

// A cache as `hf download` leaves it, and an environment that leads there.
class HuggingFaceCache : public testing::Test {
protected:
    HuggingFaceCache() {
        for (const char* name : kVariables) {
            const char* value = std::getenv(name);
            m_before.push_back(value != nullptr ? std::optional<std::string>(value) : std::nullopt);
            ::unsetenv(name);
        }
        ::setenv("HF_HUB_CACHE", hub().c_str(), 1);
        fs::create_directories(models());
        m_settings.modelDir = models();
    }
    ~HuggingFaceCache() override {
        for (std::size_t i = 0; i < m_before.size(); ++i) {
            if (m_before[i]) ::setenv(kVariables[i], m_before[i]->c_str(), 1);
            else ::unsetenv(kVariables[i]);
        }
    }

    fs::path hub() const { return m_folder / "hub"; }
    fs::path models() const { return m_folder / "models"; }

    static void writeGguf(const fs::path& path) {
        fs::create_directories(path.parent_path());
        const auto bytes = support::GgufWriter().text("general.architecture", "llama")
            .tensor("token_embd.weight", formats::GgufType::F32, {4, 2}, std::vector<std::byte>(32)).bytes();
        std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }
    static void writeText(const fs::path& path, const std::string& text) {
        fs::create_directories(path.parent_path());
        std::ofstream(path) << text;
    }
    // A file of a snapshot: a link to a blob.
    void addGguf(const std::string& repository, const std::string& commit, const std::string& file) {
        const fs::path folder = hub() / repository;
        const std::string blob = "blob" + std::to_string(m_blobs++);
        writeGguf(folder / "blobs" / blob);
        link(folder, commit, file, blob);
    }
    static void link(const fs::path& folder, const std::string& commit, const fs::path& file, const std::string& blob) {
        const fs::path place = folder / "snapshots" / commit / file;
        fs::create_directories(place.parent_path());
        fs::create_symlink(fs::relative(folder / "blobs", place.parent_path()) / blob, place);
    }
    void setRef(const std::string& repository, const std::string& commit) { writeText(hub() / repository / "refs/main", commit); }

    TempFolder m_folder;
    Settings m_settings;
    std::vector<std::optional<std::string>> m_before;
    int m_blobs = 0;
};

TEST_F(HuggingFaceCache, IsUsedInPlace) {
    addGguf("models--Org--My-GGUF", "abc", "model.Q4_0.gguf");
    setRef("models--Org--My-GGUF", "abc");
    const auto found = findModels(m_settings);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].name, "model.Q4_0");
    EXPECT_EQ(found[0].source, ModelSource::HuggingFaceCache);
    EXPECT_EQ(found[0].repository, "Org/My-GGUF");
    EXPECT_EQ(found[0].path, hub() / "models--Org--My-GGUF/snapshots/abc/model.Q4_0.gguf");
    EXPECT_EQ(found[0].fileBytes, fs::file_size(found[0].path));
    EXPECT_EQ(found[0].problem, "");
    m_settings.useHuggingFaceCache = false;
    EXPECT_THAT(findModels(m_settings), IsEmpty());
}

TEST_F(HuggingFaceCache, OnlyTheCurrentCommitCounts) {
    addGguf("models--o--a", "111", "old.gguf");
    addGguf("models--o--a", "222", "new.gguf");
    setRef("models--o--a", "111\n");
    EXPECT_THAT(namesOf(findModels(m_settings)), ElementsAre("old"));
    setRef("models--o--a", "333");  // no such snapshot: the newest
    const auto now = fs::file_time_type::clock::now();
    fs::last_write_time(hub() / "models--o--a/snapshots/111", now - std::chrono::hours(1));
    EXPECT_THAT(namesOf(findModels(m_settings)), ElementsAre("new"));
    fs::remove_all(hub() / "models--o--a/refs");
    fs::last_write_time(hub() / "models--o--a/snapshots/111", now + std::chrono::hours(1));
    EXPECT_THAT(namesOf(findModels(m_settings)), ElementsAre("old"));
    setRef("models--o--a", "../../models--o--a/snapshots/222");  // no name of a folder
    EXPECT_THAT(namesOf(findModels(m_settings)), ElementsAre("old"));
}

TEST_F(HuggingFaceCache, WhatIsNotWholeIsNotListed) {
    const fs::path folder = hub() / "models--o--a";
    link(folder, "1", "dangling.gguf", "gone");
    writeText(folder / "blobs/1234.incomplete", "GGUF");
    writeText(folder / "blobs/0", "");
    link(folder, "1", "empty.gguf", "0");
    addGguf("models--o--a", "1", "split-00001-of-00002.gguf");
    addGguf("models--o--a", "1", "Q8/whole-00001-of-00002.gguf");
    addGguf("models--o--a", "1", "Q8/whole-00002-of-00002.gguf");
    writeText(hub() / "models--o--b/snapshots/1/config.json", "{}");
    link(hub() / "models--o--b", "1", "model.safetensors", "gone");
    writeText(hub() / "models--o--c/snapshots/1/config.json", "{}");
    writeText(hub() / "models--o--c/snapshots/1/model-00002-of-00002.safetensors", "x");
    EXPECT_THAT(namesOf(findModels(m_settings)), ElementsAre("whole-00001-of-00002"));
}

TEST_F(HuggingFaceCache, ListsSafetensorsUnderTheNameOfTheRepository) {
    const fs::path snapshot = hub() / "models--Org--Tensors/snapshots/0123";
    writeText(snapshot / "config.json", R"({"model_type": "qwen3"})");
    writeText(snapshot / "model.safetensors", "x");
    writeText(snapshot / "vae/config.json", "{}");
    writeText(snapshot / "vae/model.safetensors", "y");
    const auto found = findModels(m_settings);
    ASSERT_THAT(namesOf(found), ElementsAre("Tensors"));
    EXPECT_EQ(found[0].path, snapshot);
    EXPECT_EQ(found[0].architecture, "qwen3");
    EXPECT_NE(found[0].problem, "");
}

TEST_F(HuggingFaceCache, PassesOverEverythingElse) {
    writeText(hub() / "version.txt", "1");
    writeGguf(hub() / "datasets--o--d/snapshots/1/data.gguf");
    writeGguf(hub() / ".locks/models--o--a/x.gguf");
    writeGguf(hub() / "models--/snapshots/1/x.gguf");
    fs::create_directories(hub() / "models--o--empty");
    fs::create_directories(hub() / "models--o--hollow/snapshots");
    writeText(hub() / "models--o--file", "no folder");
    fs::create_directory_symlink(hub(), hub() / "models--o--loop");
    addGguf("models--solo", "1", "solo.gguf");
    const auto found = findModels(m_settings);
    ASSERT_THAT(namesOf(found), ElementsAre("solo"));
    EXPECT_EQ(found[0].repository, "solo");
}

TEST_F(HuggingFaceCache, TheModelFolderWins) {
    addGguf("models--o--a", "1", "same.gguf");
    addGguf("models--o--b", "1", "linked.gguf");
    writeGguf(models() / "same.gguf");  // another file of that name
    fs::create_symlink(hub() / "models--o--b/snapshots/1/linked.gguf", models() / "mine.gguf");
    const auto found = findModels(m_settings);
    ASSERT_THAT(namesOf(found), ElementsAre("mine", "o/a/same", "same"));
    EXPECT_EQ(found[0].source, ModelSource::Folder);
    EXPECT_EQ(found[1].source, ModelSource::HuggingFaceCache);
    EXPECT_EQ(found[2].path, models() / "same.gguf");
    EXPECT_EQ(resolveModel("same", m_settings)->path, models() / "same.gguf");
    EXPECT_EQ(resolveModel("o/a/same", m_settings)->source, ModelSource::HuggingFaceCache);
}

TEST_F(HuggingFaceCache, LiesWhereTheEnvironmentSays) {
    const auto place = [&](const fs::path& folder, const std::string& name) {
        writeGguf(folder / "models--o--x/snapshots/1" / (name + ".gguf"));
    };
    place(m_folder / "hub", "one");
    place(m_folder / "hf/hub", "two");
    place(m_folder / "xdg/huggingface/hub", "three");
    place(m_folder / "home/.cache/huggingface/hub", "four");
    ::setenv("HOME", (m_folder / "home").c_str(), 1);
    ::setenv("XDG_CACHE_HOME", (m_folder / "xdg").c_str(), 1);
    ::setenv("HF_HOME", (m_folder / "hf").c_str(), 1);
    EXPECT_THAT(namesOf(findModels(m_settings)), ElementsAre("one"));
    ::setenv("HF_HUB_CACHE", "", 1);
    EXPECT_THAT(namesOf(findModels(m_settings)), ElementsAre("two"));
    ::unsetenv("HF_HOME");
    EXPECT_THAT(namesOf(findModels(m_settings)), ElementsAre("three"));
    ::unsetenv("XDG_CACHE_HOME");
    EXPECT_THAT(namesOf(findModels(m_settings)), ElementsAre("four"));
    ::setenv("HF_HUB_CACHE", "~/.cache/huggingface/hub", 1);
    EXPECT_THAT(namesOf(findModels(m_settings)), ElementsAre("four"));
    ::unsetenv("HF_HUB_CACHE");
    ::unsetenv("HOME");
    EXPECT_THAT(findModels(m_settings), IsEmpty());
}

}  // namespace
}  // namespace larder
