#include <gmock/gmock.h>

#include <fstream>
#include <set>

#include "engine/models.h"
#include "tests/support/temp_folder.h"

namespace larder {
namespace {

namespace fs = std::filesystem;
using support::TempFolder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class RemoveModel : public testing::Test {
protected:
    RemoveModel() {
        fs::create_directories(m_folder / "models");
        m_settings.modelDir = m_folder / "models";
        m_settings.useHuggingFaceCache = false;
    }
    void write(const fs::path& path) const {
        fs::create_directories((m_folder / path).parent_path());
        std::ofstream(m_folder / path) << "x";
    }
    Expected<void> remove(const fs::path& path) const {
        ModelInfo model;
        model.name = "model";
        model.path = path.is_absolute() ? path : m_folder / path;
        return removeModel(model, m_settings);
    }
    // What is left, links as such, folders with '/'.
    std::vector<std::string> left() const {
        std::set<std::string> names;
        for (const auto& entry : fs::recursive_directory_iterator(m_folder.path())) {
            const bool isFolder = entry.is_directory() && !entry.is_symlink();
            names.insert(entry.path().lexically_relative(m_folder.path()).string() + (isFolder ? "/" : ""));
        }
        names.erase("models/");
        return {names.begin(), names.end()};
    }

    TempFolder m_folder;
    Settings m_settings;
};

TEST_F(RemoveModel, TakesTheFileAndTheFoldersThatAreEmptyThen) {
    write("models/org/name/a.gguf");
    write("models/org/other/b.gguf");
    ASSERT_TRUE(remove("models/org/name/a.gguf").ok());
    EXPECT_THAT(left(), ElementsAre("models/org/", "models/org/other/", "models/org/other/b.gguf"));
    ASSERT_TRUE(remove("models/org/other/b.gguf").ok());
    EXPECT_THAT(left(), IsEmpty());
    EXPECT_TRUE(fs::is_directory(m_settings.modelDir)) << "never the model folder";
}

TEST_F(RemoveModel, TakesWhatTheListNames) {
    write("models/org/name/A.GGUF");
    const auto models = findModels(m_settings);
    ASSERT_EQ(models.size(), 1u);
    ASSERT_TRUE(removeModel(models[0], m_settings).ok());
    EXPECT_THAT(findModels(m_settings), IsEmpty());
}

TEST_F(RemoveModel, TakesEveryPartOfASplitModelAndNoOther) {
    for (const char* name : {"a-00001-of-00003.gguf", "a-00002-of-00003.gguf", "a-00003-of-00003.gguf", "a-00001-of-00002.gguf",
                             "b-00001-of-00003.gguf", "a.gguf"})
        write(fs::path("models") / name);
    ASSERT_TRUE(remove("models/a-00002-of-00003.gguf").ok());
    EXPECT_THAT(left(), ElementsAre("models/a-00001-of-00002.gguf", "models/a.gguf", "models/b-00001-of-00003.gguf"));
}

TEST_F(RemoveModel, TakesTheFilesOfASafetensorsModelOnly) {
    for (const char* name : {"config.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "tokenizer.json",
                             "model.safetensors.index.json", "merges.txt", "README.md"})
        write(fs::path("models/org/whole") / name);
    for (const char* name : {"config.json", "model.safetensors", "notes.txt", "also.gguf"}) write(fs::path("models/org/mixed") / name);
    ASSERT_TRUE(remove("models/org/whole").ok());
    ASSERT_TRUE(remove("models/org/mixed/").ok());
    EXPECT_THAT(left(), ElementsAre("models/org/", "models/org/mixed/", "models/org/mixed/also.gguf", "models/org/mixed/notes.txt"));
}

TEST_F(RemoveModel, ASafetensorsModelMayBeTheModelFolderItself) {
    for (const char* name : {"config.json", "model.safetensors"}) write(fs::path("models") / name);
    ASSERT_TRUE(remove("models").ok());
    EXPECT_THAT(left(), IsEmpty());
    EXPECT_TRUE(fs::is_directory(m_settings.modelDir));
}

TEST_F(RemoveModel, LinksAreTakenAwayNotFollowed) {
    write("elsewhere/a.gguf");
    write("elsewhere/config.json");
    write("elsewhere/model.safetensors");
    fs::create_symlink(m_folder / "elsewhere/a.gguf", m_folder / "models/a.gguf");
    fs::create_symlink("nowhere", m_folder / "models/broken.gguf");
    fs::create_directory_symlink(m_folder / "elsewhere", m_folder / "models/linked");
    ASSERT_TRUE(remove("models/a.gguf").ok());
    ASSERT_TRUE(remove("models/broken.gguf").ok());
    EXPECT_EQ(remove("models/linked/a.gguf").error().code, ErrorCode::PermissionDenied) << "it lies elsewhere";
    ASSERT_TRUE(remove("models/linked").ok());
    EXPECT_THAT(left(), ElementsAre("elsewhere/", "elsewhere/a.gguf", "elsewhere/config.json", "elsewhere/model.safetensors"));
}

TEST_F(RemoveModel, RefusesEverythingOutside) {
    write("elsewhere/a.gguf");
    write("models-too/a.gguf");
    for (const char* path : {"elsewhere/a.gguf", "models/../elsewhere/a.gguf", "models-too/a.gguf"}) {
        const auto refused = remove(path);
        ASSERT_FALSE(refused.ok()) << path;
        EXPECT_EQ(refused.error().code, ErrorCode::PermissionDenied);
        EXPECT_THAT(refused.error().message, HasSubstr((m_folder / path).string()));
    }
    EXPECT_EQ(left().size(), 4u);
}

TEST_F(RemoveModel, WorksThroughALinkToTheModelFolder) {
    write("models/a.gguf");
    fs::create_directory_symlink(m_folder / "models", m_folder / "link");
    m_settings.modelDir = m_folder / "link";
    ASSERT_TRUE(remove("link/a.gguf").ok());
    EXPECT_THAT(left(), ElementsAre("link"));
}

TEST_F(RemoveModel, TheHuggingFaceCacheIsNotOurs) {
    write("models/a.gguf");
    ModelInfo model;
    model.name = "a";
    model.path = m_folder / "models/a.gguf";
    model.source = ModelSource::HuggingFaceCache;
    const auto refused = removeModel(model, m_settings);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::PermissionDenied);
    EXPECT_THAT(refused.error().message, HasSubstr(model.path.string()));
    EXPECT_THAT(refused.error().message, HasSubstr("hf cache delete"));
    EXPECT_TRUE(fs::exists(model.path));
}

TEST_F(RemoveModel, WhatIsNoModelIsNotFound) {
    write("models/notes.txt");
    fs::create_directories(m_folder / "models/folder");
    for (const char* path : {"models/notes.txt", "models/folder", "models/gone.gguf", "models/no/such.gguf", "models"})
        EXPECT_EQ(remove(path).error().code, ErrorCode::NotFound) << path;
    m_settings.modelDir = m_folder / "missing";
    EXPECT_EQ(remove("missing/a.gguf").error().code, ErrorCode::NotFound);
    EXPECT_THAT(left(), ElementsAre("models/folder/", "models/notes.txt"));
}

}  // namespace
}  // namespace larder
