#include <gmock/gmock.h>
#include <sys/stat.h>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "engine/models.h"
#include "tests/support/gguf_writer.h"
#include "tests/support/temp_folder.h"

namespace larder {
namespace {

namespace fs = std::filesystem;
using formats::GgufType;
using support::GgufWriter;
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

// Settings that know this model folder and nothing else.
Settings folderOnly(const fs::path& folder) {
    Settings settings;
    settings.modelDir = folder;
    settings.useHuggingFaceCache = false;
    return settings;
}

// A llama model with one tensor; more keys can be added.
GgufWriter llamaWith(std::vector<std::uint64_t> blocksAndRows, GgufType type) {
    const auto* traits = formats::ggufTypeTraits(type);
    const std::uint64_t elements = type == GgufType::F32 ? blocksAndRows[0] : blocksAndRows[0] * traits->blockElements;
    const std::vector<std::byte> data(blocksAndRows[0] * blocksAndRows[1] * traits->blockBytes);
    GgufWriter writer;
    writer.text("general.architecture", "llama").tensor("token_embd.weight", type, {elements, blocksAndRows[1]}, data);
    return writer;
}

void writeModel(const fs::path& path, const GgufWriter& model) {
    fs::create_directories(path.parent_path());
    const auto bytes = model.bytes();
    std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

std::vector<std::string> names(const std::vector<ModelInfo>& models) {
    std::vector<std::string> list;
    for (const ModelInfo& model : models) list.push_back(model.name);
    return list;
}

TEST(FindModels, TellsWhatAFileIs) {
    TempFolder folder;
    GgufBytes("llama").writeTo(folder / "Tiny.Q4_0.gguf");
    const auto models = findModels(folderOnly(folder.path()));
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
    EXPECT_THAT(findModels(folderOnly(folder.path())), IsEmpty());
    EXPECT_THAT(findModels(folderOnly(folder / "nothing")), IsEmpty());
    EXPECT_THAT(findModels(folderOnly("")), IsEmpty());
}

TEST(FindModels, LooksThreeFoldersDeepPastWhatIsNoModel) {
    TempFolder folder;
    const GgufBytes model("llama");
    model.writeTo(folder / "c.GGUF");
    model.writeTo(folder / "org/b.gguf");
    model.writeTo(folder / "org/name/a.gguf");
    model.writeTo(folder / "org/name/part/d.gguf");
    model.writeTo(folder / "org/name/part/deeper/no.gguf");
    model.writeTo(folder / ".hidden/no.gguf");
    model.writeTo(folder / ".no.gguf");
    model.writeTo(folder / "no.gguf.part");
    std::ofstream(folder / "no.txt") << "text";
    EXPECT_THAT(names(findModels(folderOnly(folder.path()))), ElementsAre("a", "b", "c", "d"));
}

TEST(FindModels, OneNameInSeveralFoldersGetsTheFolderInFront) {
    TempFolder folder;
    const GgufBytes model("llama");
    model.writeTo(folder / "same.gguf");
    model.writeTo(folder / "x/same.gguf");
    model.writeTo(folder / "y/z/same.gguf");
    model.writeTo(folder / "y/other.gguf");
    EXPECT_THAT(names(findModels(folderOnly(folder.path()))), ElementsAre("other", "same", "x/same", "y/z/same"));
}

TEST(FindModels, NamesAreUniqueEvenThen) {
    TempFolder folder;
    const GgufBytes model("llama");
    model.writeTo(folder / "same.gguf");
    model.writeTo(folder / "same.GGUF");
    EXPECT_THAT(names(findModels(folderOnly(folder.path()))), ElementsAre("same", "same (2)"));
}

TEST(FindModels, FollowsLinksToFiles) {
    TempFolder folder;
    GgufBytes("llama").writeTo(folder / "blobs/0123");
    fs::create_directories(folder / "models");
    fs::create_symlink("../blobs/0123", folder / "models/linked.gguf");
    fs::create_symlink("nowhere", folder / "models/broken.gguf");
    const auto models = findModels(folderOnly(folder / "models"));
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
    const auto models = findModels(folderOnly(folder.path()));
    ASSERT_EQ(models.size(), 8u);
    EXPECT_THAT(models[0].problem, HasSubstr("\"qwen2\" is not supported"));
    EXPECT_EQ(models[0].architecture, "qwen2");
    EXPECT_EQ(models[0].contextTokens, 2048u);
    EXPECT_THAT(models[1].problem, HasSubstr("Q4_K"));
    EXPECT_EQ(models[1].quantisation, "Q4_K");
    EXPECT_THAT(models[2].problem, HasSubstr("parts 1 and 3 of 3 are missing"));
    EXPECT_NE(models[3].problem, "");
    EXPECT_NE(models[4].problem, "");
    EXPECT_THAT(models[5].problem, HasSubstr("not a regular file"));
    EXPECT_EQ(models[6].problem, "");
    EXPECT_THAT(models[7].problem, HasSubstr("architecture"));
}

TEST(FindModels, NamesAreFitForJsonAndTerminals) {
    TempFolder folder;
    GgufBytes("llama").writeTo(folder / "a\x1b[31m\xff" "b.gguf");
    EXPECT_THAT(names(findModels(folderOnly(folder.path()))), ElementsAre("a_[31m\xef\xbf\xbd" "b"));
}

TEST(FindModels, TellsWhatPeopleWantToKnow) {
    TempFolder folder;
    writeModel(folder / "Org/My-Model-GGUF/My-Model-135M-Instruct.Q4_1.gguf", llamaWith({4, 3}, GgufType::Q8_0)
        .text("general.basename", "my-model").text("general.size_label", "135M").text("general.finetune", "8k-lc100k")
        .value<std::uint32_t>("llama.block_count", 30).value<std::uint32_t>("llama.embedding_length", 576)
        .value<std::uint32_t>("llama.attention.head_count", 9).value<std::uint32_t>("llama.attention.head_count_kv", 3));
    const auto models = findModels(folderOnly(folder.path()));
    ASSERT_EQ(models.size(), 1u);
    EXPECT_EQ(models[0].family, "My Model 135M Instruct");
    EXPECT_EQ(models[0].repository, "Org/My-Model-GGUF");
    EXPECT_EQ(models[0].source, ModelSource::Folder);
    EXPECT_EQ(models[0].parameters, 32u * 4 * 3);
    EXPECT_EQ(models[0].kvBytesPerToken, 30u * 3 * (64 + 64) * 2);
    EXPECT_EQ(models[0].problem, "");
}

TEST(FindModels, CountsTheCacheOfOtherShapes) {
    TempFolder folder;
    const auto small = [] { return llamaWith({4, 3}, GgufType::F32).value<std::uint32_t>("llama.block_count", 4); };
    writeModel(folder / "a.gguf", small().value<std::uint32_t>("llama.attention.head_count", 8)
        .value<std::uint32_t>("llama.attention.key_length", 96).value<std::uint32_t>("llama.attention.value_length", 64));
    writeModel(folder / "b.gguf", small().array<std::int32_t>("llama.attention.head_count_kv", {2, 0, 0, 1})
        .value<std::uint32_t>("llama.attention.key_length", 64));
    writeModel(folder / "c.gguf", small().value<std::uint32_t>("llama.attention.kv_lora_rank", 512)
        .value<std::uint32_t>("llama.rope.dimension_count", 64));
    writeModel(folder / "d.gguf", small());
    writeModel(folder / "e.gguf", llamaWith({4, 3}, GgufType::F32).value<std::uint64_t>("llama.block_count", UINT64_MAX)
        .value<std::uint64_t>("llama.attention.head_count", UINT64_MAX).value<std::int32_t>("llama.embedding_length", -1));
    const auto models = findModels(folderOnly(folder.path()));
    ASSERT_EQ(models.size(), 5u);
    EXPECT_EQ(models[0].kvBytesPerToken, 4u * 8 * (96 + 64) * 2);
    EXPECT_EQ(models[1].kvBytesPerToken, 3u * (64 + 64) * 2);
    EXPECT_EQ(models[2].kvBytesPerToken, 4u * (512 + 64) * 2);
    EXPECT_EQ(models[3].kvBytesPerToken, 0u) << "unknown";
    EXPECT_EQ(models[4].kvBytesPerToken, 0u) << "nonsense";
}

TEST(FindModels, TheRepositoryIsNamedOnlyWhereTheFoldersSaySo) {
    TempFolder folder;
    const GgufBytes model("llama");
    model.writeTo(folder / "a.gguf");
    model.writeTo(folder / "mine/b.gguf");
    model.writeTo(folder / "org/name/c.gguf");
    model.writeTo(folder / "org/name/Q4_K_M/d.gguf");
    model.writeTo(folder / "my models/name/e.gguf");
    std::vector<std::string> repositories;
    for (const ModelInfo& info : findModels(folderOnly(folder.path()))) repositories.push_back(info.repository);
    EXPECT_THAT(repositories, ElementsAre("", "", "org/name", "org/name", ""));
}

TEST(FindModels, ASplitModelIsOneEntry) {
    TempFolder folder;
    for (int part = 1; part <= 3; ++part)
        GgufBytes("llama").writeTo(folder / ("big-0000" + std::to_string(part) + "-of-00003.gguf"));
    GgufBytes("llama").writeTo(folder / "big-00001-of-00002.gguf");
    GgufBytes("llama").writeTo(folder / "other-00004-of-00003.gguf");  // no such part: a name like any other
    const auto models = findModels(folderOnly(folder.path()));
    ASSERT_THAT(names(models), ElementsAre("big-00001-of-00002", "big-00001-of-00003", "other-00004-of-00003"));
    EXPECT_THAT(models[0].problem, HasSubstr("part 2 of 2 is missing"));
    EXPECT_EQ(models[0].parameters, 0u);
    EXPECT_THAT(models[1].problem, HasSubstr("split into 3 files"));
    EXPECT_EQ(models[1].path, folder / "big-00001-of-00003.gguf");
    EXPECT_EQ(models[1].fileBytes, 3 * fs::file_size(models[1].path));
    EXPECT_EQ(models[1].parameters, 3 * 512u);
    EXPECT_EQ(models[2].problem, "");
}

TEST(FindModels, DownloadsUnderWayAreNotListed) {
    TempFolder folder;
    GgufBytes("llama").writeTo(folder / "org/a/whole.gguf");
    GgufBytes("llama").writeTo(folder / "org/a/big-00001-of-00002.gguf");
    std::ofstream(folder / "org/a/.big-00002-of-00002.gguf.part") << "x";
    std::ofstream(folder / "org/a/.again.gguf.part") << "x";
    fs::create_directories(folder / "org/b");
    std::ofstream(folder / "org/b/config.json") << "{}";
    std::ofstream(folder / "org/b/model.safetensors") << "x";
    std::ofstream(folder / "org/b/.tokenizer.json.part") << "x";
    EXPECT_THAT(names(findModels(folderOnly(folder.path()))), ElementsAre("whole"));
}

TEST(FindModels, ListsSafetensorsFoldersWithTheReason) {
    TempFolder folder;
    const auto write = [&](const std::string& name, const std::string& text) {
        fs::create_directories((folder / name).parent_path());
        std::ofstream(folder / name) << text;
    };
    write("org/Tensors-1B/config.json", R"({"model_type": "qwen3", "torch_dtype": "bfloat16", "max_position_embeddings": 40960,
        "num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128, "hidden_size": 1024})");
    write("org/Tensors-1B/model-00001-of-00002.safetensors", std::string(1000, 'x'));
    write("org/Tensors-1B/model-00002-of-00002.safetensors", std::string(200, 'x'));
    write("org/Tensors-1B/tokenizer.json", "{}");
    write("half/config.json", R"({"text_config": {"model_type": "gemma3_text"}, "quantization": {"bits": 4}})");
    write("half/model-00001-of-00002.safetensors", "x");
    write("odd/config.json", "[[[[");
    write("odd/model.safetensors", "x");
    write("adapter/adapter_model.safetensors", "x");
    write("config.json", "{}");
    const auto models = findModels(folderOnly(folder.path()));
    ASSERT_THAT(names(models), ElementsAre("Tensors-1B", "half", "odd"));
    const ModelInfo& model = models[0];
    EXPECT_EQ(model.path, folder / "org/Tensors-1B");
    EXPECT_EQ(model.repository, "org/Tensors-1B");
    EXPECT_EQ(model.architecture, "qwen3");
    EXPECT_EQ(model.contextTokens, 40960u);
    EXPECT_EQ(model.quantisation, "BF16");
    EXPECT_EQ(model.parameters, 600u);
    EXPECT_EQ(model.kvBytesPerToken, 28u * 8 * 128 * 2 * 2);
    EXPECT_EQ(model.fileBytes, 1202u + fs::file_size(folder / "org/Tensors-1B/config.json"));
    EXPECT_THAT(model.problem, HasSubstr("GGUF files only"));
    EXPECT_EQ(models[1].architecture, "gemma3_text");
    EXPECT_EQ(models[1].quantisation, "MLX 4 bit");
    EXPECT_THAT(models[1].problem, HasSubstr("part 2 of 2 is missing"));
    EXPECT_EQ(models[2].architecture, "");
    EXPECT_THAT(models[2].problem, HasSubstr("GGUF files only"));
}

TEST(FindModels, WhatIsNoLanguageModelSaysSo) {
    TempFolder folder;
    writeModel(folder / "1.gguf", GgufWriter().text("general.architecture", "llama").text("general.type", "adapter"));
    writeModel(folder / "2.gguf", GgufWriter().text("general.architecture", "clip"));
    writeModel(folder / "3.gguf", GgufWriter().text("general.architecture", "llama").texts("tokenizer.ggml.tokens", {"a"}));
    writeModel(folder / "4.gguf", GgufWriter().text("general.architecture", "llama"));
    writeModel(folder / "5.gguf", llamaWith({4, 3}, GgufType::F32).text("tokenizer.ggml.model", "llama"));
    writeModel(folder / "6.gguf", llamaWith({4, 3}, GgufType::F32).value<std::uint32_t>("llama.expert_count", 8));
    writeModel(folder / "7.gguf", llamaWith({4, 3}, GgufType::F32).text("llama.rope.scaling.type", "yarn"));
    const auto models = findModels(folderOnly(folder.path()));
    const char* words[] = {"adapter", "image or sound", "only a vocabulary", "no weights", "tokenizer \"llama\"", "mixture of experts",
                           "rope scaling \"yarn\""};
    ASSERT_EQ(models.size(), std::size(words));
    for (std::size_t i = 0; i < models.size(); ++i) EXPECT_THAT(models[i].problem, HasSubstr(words[i]));
}

TEST(FindModels, AFileReachedTwiceIsListedOnceUnderItsOwnPath) {
    TempFolder folder;
    GgufBytes("llama").writeTo(folder / "org/real.gguf");
    fs::create_symlink("real.gguf", folder / "org/alias.gguf");
    fs::create_hard_link(folder / "org/real.gguf", folder / "zz.gguf");
    fs::create_directory_symlink(folder.path(), folder / "aa-loop");
    fs::create_directory_symlink("org", folder / "also-org");
    const auto models = findModels(folderOnly(folder.path()));
    ASSERT_EQ(models.size(), 1u);
    EXPECT_EQ(models[0].path, folder / "org/real.gguf");
}

TEST(FindModels, SeesEveryChange) {
    TempFolder folder;
    const Settings settings = folderOnly(folder.path());
    const fs::path file = folder / "a.gguf";
    const auto old = fs::file_time_type::clock::now() - std::chrono::hours(1);
    GgufBytes("llama").writeTo(file);
    fs::last_write_time(file, old);
    EXPECT_EQ(findModels(settings).at(0).architecture, "llama");
    EXPECT_EQ(findModels(settings).at(0).architecture, "llama");
    GgufBytes("mamba").writeTo(file);  // as long, and as old
    fs::last_write_time(file, old);
    EXPECT_EQ(findModels(settings).at(0).architecture, "mamba");
    fs::resize_file(file, 100);
    fs::last_write_time(file, old);
    EXPECT_THAT(findModels(settings).at(0).problem, testing::Not(testing::IsEmpty()));
    fs::remove(file);
    EXPECT_THAT(findModels(settings), IsEmpty());
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
    Expected<ModelInfo> resolve(const std::string& name) const { return resolveModel(name, folderOnly(m_folder / "models")); }
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

TEST_F(ResolveModel, TakesRepositories) {
    GgufBytes("llama").writeTo(m_folder / "models/Org/Name-GGUF/One.Q4_0.gguf");
    GgufBytes("llama", 8).writeTo(m_folder / "models/Org/Name-GGUF/One.Q8_0.gguf");
    GgufBytes("llama", 12).writeTo(m_folder / "models/Org/Name-GGUF/One.Q4_K_M.gguf");
    GgufBytes("llama").writeTo(m_folder / "models/Org/Single-GGUF/Two.gguf");
    EXPECT_EQ(resolve("org/single-gguf")->name, "Two");
    EXPECT_EQ(resolve("Org/Name-GGUF:q8_0")->name, "One.Q8_0");
    EXPECT_EQ(resolve("Org/Name-GGUF:Q4_K_M")->name, "One.Q4_K_M");
    EXPECT_THAT(resolve("Org/Name-GGUF").error().message, HasSubstr("One.Q4_0, One.Q8_0"));
    EXPECT_EQ(resolve("Org/Name-GGUF:Q2_K").error().code, ErrorCode::NotFound);
}

TEST_F(ResolveModel, TakesPathsOfPartsAndFolders) {
    for (const char* name : {"p-00001-of-00002.gguf", "p-00002-of-00002.gguf"}) GgufBytes("llama").writeTo(m_folder / "elsewhere" / name);
    const auto split = resolve((m_folder / "elsewhere/p-00002-of-00002.gguf").string());
    ASSERT_TRUE(split.ok());
    EXPECT_EQ(split->path, m_folder / "elsewhere/p-00001-of-00002.gguf");
    std::ofstream(m_folder / "elsewhere/config.json") << "{}";
    std::ofstream(m_folder / "elsewhere/model.safetensors") << "x";
    const auto tensors = resolve((m_folder / "elsewhere/").string());
    ASSERT_TRUE(tensors.ok());
    EXPECT_EQ(tensors->name, "elsewhere");
    EXPECT_THAT(tensors->problem, HasSubstr("GGUF files only"));
}

TEST_F(ResolveModel, SaysWhatThereIs) {
    const auto missing = resolve("nothing");
    ASSERT_FALSE(missing.ok());
    EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
    EXPECT_EQ(missing.error().message, "there is no model \"nothing\"; there are: Big, Tiny.Q4_0, x/Twin, y/Twin");
    EXPECT_EQ(resolve("").error().code, ErrorCode::NotFound);
    EXPECT_EQ(resolve("/no/such/file.gguf").error().code, ErrorCode::NotFound);
    EXPECT_THAT(resolve("Twin").error().message, HasSubstr("several models"));
    EXPECT_THAT(resolveModel("a", folderOnly(m_folder / "none")).error().message, HasSubstr("put a GGUF file into"));
}

}  // namespace
}  // namespace larder
