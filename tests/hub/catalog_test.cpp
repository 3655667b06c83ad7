#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "engine/models.h"
#include "tests/support/temp_folder.h"

namespace larder {
namespace {

namespace fs = std::filesystem;
using support::TempFolder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// The smallest GGUF that says what a model is: metadata and one tensor.
class GgufBytes {
public:
    explicit GgufBytes(const std::string& architecture, std::uint32_t tensorType = 2, std::uint64_t context = 2048) {
        m_bytes = "GGUF";
        number<std::uint32_t>(3);
        number<std::uint64_t>(1);  // tensors
        number<std::uint64_t>(2);  // keys
        text("general.architecture");
        number<std::uint32_t>(8);
        text(architecture);
        text(architecture + ".context_length");
        number<std::uint32_t>(10);
        number(context);
        text("token_embd.weight");
        number<std::uint32_t>(2);
        number<std::uint64_t>(256);
        number<std::uint64_t>(2);
        number(tensorType);
        number<std::uint64_t>(0);
        m_bytes.resize((m_bytes.size() + 31) / 32 * 32);
        m_bytes.resize(m_bytes.size() + 4 * 512);  // enough for every type
    }

    void writeTo(const fs::path& path) const {
        fs::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << m_bytes;
    }

private:
    template <class T>
    void number(T value) { m_bytes.append(reinterpret_cast<const char*>(&value), sizeof value); }
    void text(const std::string& value) {
        number<std::uint64_t>(value.size());
        m_bytes += value;
    }
    std::string m_bytes;
};

std::vector<std::string> names(const std::vector<ModelInfo>& models) {
    std::vector<std::string> list;
    for (const ModelInfo& model : models) list.push_back(model.name);
    return list;
}

TEST(FindModels, TellsWhatAFileIs) {
    TempFolder folder;
    GgufBytes("llama").writeTo(folder / "Tiny.Q4_0.gguf");
    const auto models = findModels(folder.path());
    ASSERT_EQ(models.size(), 1u);
    const ModelInfo& model = models[0];
    EXPECT_EQ(model.name, "Tiny.Q4_0");
    EXPECT_EQ(model.path, folder / "Tiny.Q4_0.gguf");
    EXPECT_EQ(model.fileBytes, fs::file_size(model.path));
    EXPECT_EQ(model.architecture, "llama");
    EXPECT_EQ(model.quantisation, "Q4_0");
    EXPECT_EQ(model.contextTokens, 2048u);
    EXPECT_GT(model.modifiedSeconds, 1'500'000'000);
    EXPECT_EQ(model.problem, "");
}

TEST(FindModels, AMissingOrEmptyFolderIsAnEmptyList) {
    TempFolder folder;
    EXPECT_THAT(findModels(folder.path()), IsEmpty());
    EXPECT_THAT(findModels(folder / "nothing"), IsEmpty());
    EXPECT_THAT(findModels(""), IsEmpty());
}

TEST(FindModels, LooksTwoFoldersDeepPastWhatIsNoModel) {
    TempFolder folder;
    const GgufBytes model("llama");
    model.writeTo(folder / "c.GGUF");
    model.writeTo(folder / "org/b.gguf");
    model.writeTo(folder / "org/name/a.gguf");
    model.writeTo(folder / "org/name/deeper/no.gguf");
    model.writeTo(folder / ".hidden/no.gguf");
    model.writeTo(folder / ".no.gguf");
    model.writeTo(folder / "no.gguf.part");
    std::ofstream(folder / "no.txt") << "text";
    EXPECT_THAT(names(findModels(folder.path())), ElementsAre("a", "b", "c"));
}

TEST(FindModels, OneNameInSeveralFoldersGetsTheFolderInFront) {
    TempFolder folder;
    const GgufBytes model("llama");
    model.writeTo(folder / "same.gguf");
    model.writeTo(folder / "x/same.gguf");
    model.writeTo(folder / "y/z/same.gguf");
    model.writeTo(folder / "y/other.gguf");
    EXPECT_THAT(names(findModels(folder.path())), ElementsAre("other", "same", "x/same", "y/z/same"));
}

TEST(FindModels, NamesAreUniqueEvenThen) {
    TempFolder folder;
    const GgufBytes model("llama");
    model.writeTo(folder / "same.gguf");
    model.writeTo(folder / "same.GGUF");
    EXPECT_THAT(names(findModels(folder.path())), ElementsAre("same", "same (2)"));
}

TEST(FindModels, FollowsLinksToFiles) {
    TempFolder folder;
    GgufBytes("llama").writeTo(folder / "blobs/0123");
    fs::create_directories(folder / "models");
    fs::create_symlink("../blobs/0123", folder / "models/linked.gguf");
    fs::create_symlink("nowhere", folder / "models/broken.gguf");
    const auto models = findModels(folder / "models");
    ASSERT_EQ(models.size(), 2u);
    EXPECT_EQ(models[0].name, "broken");
    EXPECT_NE(models[0].problem, "");
    EXPECT_EQ(models[1].name, "linked");
    EXPECT_EQ(models[1].problem, "");
}

TEST(FindModels, SaysWhyAModelCannotRun) {
    TempFolder folder;
    GgufBytes("qwen2").writeTo(folder / "1.gguf");
    GgufBytes("llama", 12).writeTo(folder / "2.gguf");  // Q4_K
    GgufBytes("llama").writeTo(folder / "3-00002-of-00003.gguf");
    std::ofstream(folder / "4.gguf") << "this is not a model";
    std::ofstream(folder / "5.gguf");
    ASSERT_EQ(::mkfifo((folder / "6.gguf").c_str(), 0600), 0);
    GgufBytes("llama").writeTo(folder / "7-00001-of-00001.gguf");
    GgufBytes("").writeTo(folder / "8.gguf");
    const auto models = findModels(folder.path());
    ASSERT_EQ(models.size(), 8u);
    EXPECT_THAT(models[0].problem, HasSubstr("\"qwen2\" is not supported"));
    EXPECT_EQ(models[0].architecture, "qwen2");
    EXPECT_EQ(models[0].contextTokens, 2048u);
    EXPECT_THAT(models[1].problem, HasSubstr("Q4_K"));
    EXPECT_EQ(models[1].quantisation, "Q4_K");
    EXPECT_THAT(models[2].problem, HasSubstr("part 2 of 3"));
    EXPECT_NE(models[3].problem, "");
    EXPECT_NE(models[4].problem, "");
    EXPECT_THAT(models[5].problem, HasSubstr("not a regular file"));
    EXPECT_EQ(models[6].problem, "");
    EXPECT_THAT(models[7].problem, HasSubstr("architecture"));
}

TEST(FindModels, NamesAreFitForJsonAndTerminals) {
    TempFolder folder;
    GgufBytes("llama").writeTo(folder / "a\x1b[31m\xff" "b.gguf");
    EXPECT_THAT(names(findModels(folder.path())), ElementsAre("a_[31m\xef\xbf\xbd" "b"));
}

class ResolveModel : public testing::Test {
protected:
    ResolveModel() {
        const GgufBytes model("llama");
        model.writeTo(m_folder / "models/Tiny.Q4_0.gguf");
        model.writeTo(m_folder / "models/Big.gguf");
        model.writeTo(m_folder / "models/x/Twin.gguf");
        model.writeTo(m_folder / "models/y/Twin.gguf");
        model.writeTo(m_folder / "elsewhere/Other.gguf");
    }
    Expected<ModelInfo> resolve(const std::string& name) const { return resolveModel(name, m_folder / "models"); }
    TempFolder m_folder;
};

TEST_F(ResolveModel, TakesNamesLoosely) {
    for (const char* name : {"Tiny.Q4_0", "Tiny.Q4_0.gguf", "tiny.q4_0", "TINY.q4_0.GGUF"}) {
        const auto model = resolve(name);
        ASSERT_TRUE(model.ok()) << name;
        EXPECT_EQ(model->name, "Tiny.Q4_0");
    }
    EXPECT_EQ(resolve("y/Twin")->path, m_folder / "models/y/Twin.gguf");
}

TEST_F(ResolveModel, AnExactNameComesFirst) {
    GgufBytes("llama").writeTo(m_folder / "models/big.gguf");
    EXPECT_EQ(resolve("Big")->name, "Big");
    EXPECT_EQ(resolve("big")->name, "big");
    EXPECT_EQ(resolve("big.gguf")->name, "big");
    const auto unclear = resolve("BIG");
    ASSERT_FALSE(unclear.ok());
    EXPECT_THAT(unclear.error().message, HasSubstr("Big, big"));
}

TEST_F(ResolveModel, TakesPaths) {
    const auto outside = resolve((m_folder / "elsewhere/Other.gguf").string());
    ASSERT_TRUE(outside.ok());
    EXPECT_EQ(outside->name, "Other");
    EXPECT_EQ(outside->path, m_folder / "elsewhere/Other.gguf");
    const auto inside = resolve((m_folder / "models/x/../x/Twin.gguf").string());
    ASSERT_TRUE(inside.ok());
    EXPECT_EQ(inside->name, "x/Twin") << "a file of the folder keeps its name there";
}

TEST_F(ResolveModel, SaysWhatThereIs) {
    const auto missing = resolve("nothing");
    ASSERT_FALSE(missing.ok());
    EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
    EXPECT_EQ(missing.error().message, "there is no model \"nothing\"; there are: Big, Tiny.Q4_0, x/Twin, y/Twin");
    EXPECT_EQ(resolve("").error().code, ErrorCode::NotFound);
    EXPECT_EQ(resolve("/no/such/file.gguf").error().code, ErrorCode::NotFound);
    EXPECT_THAT(resolve("Twin").error().message, HasSubstr("several models"));
    EXPECT_THAT(resolveModel("a", m_folder / "none").error().message, HasSubstr("put a GGUF file into"));
}

}  // namespace
}  // namespace larder
