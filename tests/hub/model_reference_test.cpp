#include <gmock/gmock.h>

#include <random>

#include "engine/hub.h"
#include "engine/hub/model_name.h"

namespace larder {
namespace {

using testing::HasSubstr;

struct ReferenceCase {
    std::string text;
    std::string repository;
    std::string quantisation = "";
    std::string file = "";
    std::string revision = "main";
};

TEST(ModelReference, Understands) {
    const std::vector<ReferenceCase> cases = {
        {"org/name", "org/name"},
        {"  org/name \n", "org/name"},
        {"Qwen/Qwen2.5-0.5B_Instruct-GGUF", "Qwen/Qwen2.5-0.5B_Instruct-GGUF"},
        {"org/name:Q4_0", "org/name", "Q4_0"},
        {"org/name:latest", "org/name"},
        {"org/name:Q4_0 (folder)", "org/name", "Q4_0 (folder)"},
        {"org/name@v1.0", "org/name", "", "", "v1.0"},
        {"org/name:Q8_0@refs/pr/3", "org/name", "Q8_0", "", "refs/pr/3"},
        {"org/name/file.gguf", "org/name", "", "file.gguf"},
        {"org/name/sub/File.GGUF@0123abc", "org/name", "", "sub/File.GGUF", "0123abc"},
        {"hf.co/org/name", "org/name"},
        {"hf.co/org/name:Q4_K_M", "org/name", "Q4_K_M"},
        {"huggingface.co/org/name/", "org/name"},
        {"https://huggingface.co/org/name", "org/name"},
        {"HTTPS://HuggingFace.co/org/name?library=x#readme", "org/name"},
        {"https://hf.co/org/name:Q4_0", "org/name", "Q4_0"},
        {"https://huggingface.co/org/name/tree/main", "org/name"},
        {"https://huggingface.co/org/name/tree/refs%2Fpr%2F1", "org/name", "", "", "refs/pr/1"},
        {"https://huggingface.co/org/name/tree/main/UD-Q4_K_XL", "org/name", "UD-Q4_K_XL"},
        {"https://huggingface.co/org/name/blob/main/sub/a%20b.gguf", "org/name", "", "sub/a b.gguf"},
        {"https://huggingface.co/org/name/resolve/0123/a.gguf?download=true", "org/name", "", "a.gguf", "0123"},
        {"https://huggingface.co/org/name/discussions/5", "org/name"},
        {"https://huggingface.co/org/name/tree/", "org/name"},
        {"hf-mirror.com/org/name", "org/name"},
        {"org/name/resolve/main/a.gguf", "org/name", "", "a.gguf"},
    };
    for (const ReferenceCase& example : cases) {
        const auto reference = parseModelReference(example.text);
        ASSERT_TRUE(reference.ok()) << example.text << ": " << reference.error().message;
        EXPECT_EQ(reference->repository, example.repository) << example.text;
        EXPECT_EQ(reference->quantisation, example.quantisation) << example.text;
        EXPECT_EQ(reference->file, example.file) << example.text;
        EXPECT_EQ(reference->revision, example.revision) << example.text;
    }
}

TEST(ModelReference, RefusesWithOneSentence) {
    for (const std::string& text : {std::string(""),
                                    std::string("   "),
                                    std::string("name"),
                                    std::string("/name"),
                                    std::string("org/"),
                                    std::string("org//name"),
                                    std::string("../name"),
                                    std::string("org/.."),
                                    std::string("org/.hidden"),
                                    std::string("-org/name"),
                                    std::string("or g/name"),
                                    std::string("org/na\\me"),
                                    std::string("org/n\xc3\xa4me"),
                                    std::string("org/name:"),
                                    std::string("org/name@"),
                                    std::string("org/name@../main"),
                                    std::string("org/name@a b"),
                                    std::string("org/name/../x.gguf"),
                                    std::string("org/name/x.txt"),
                                    std::string("org/name/a.gguf:Q4_0"),
                                    std::string("org/name/.a.gguf"),
                                    std::string("org/name//a.gguf"),
                                    std::string("https://github.com/org/name"),
                                    std::string("https://huggingface.co/"),
                                    std::string("https://huggingface.co/org"),
                                    std::string("https://huggingface.co/datasets/org/name"),
                                    std::string("https://huggingface.co/spaces/org/name"),
                                    std::string("https://huggingface.co/org/name/blob/main/..%2F..%2Fetc%2Fpasswd"),
                                    std::string("file:///org/name"),
                                    std::string("https://evil.example/huggingface.co/org/name"),
                                    std::string("org/name\x01"),
                                    std::string("a\0b/c", 5),
                                    std::string("org/") + std::string(97, 'x'),
                                    std::string(5000, 'x'),
                                    "org/name:" + std::string(5000, 'Q')}) {
        const auto reference = parseModelReference(text);
        ASSERT_FALSE(reference.ok()) << text << " -> " << reference->repository;
        EXPECT_EQ(reference.error().code, ErrorCode::InvalidArgument);
        EXPECT_LT(reference.error().message.size(), 400u);
        EXPECT_EQ(reference.error().message.find('\n'), std::string::npos);
    }
}

TEST(ModelReference, WhateverIsTypedIsSafeOrRefused) {
    std::mt19937 random(7);
    const std::string pieces[] = {"org",
                                  "name",
                                  "/",
                                  "/",
                                  ":",
                                  "@",
                                  "..",
                                  ".",
                                  "%2F",
                                  "%",
                                  "https://",
                                  "hf.co/",
                                  "huggingface.co/",
                                  "tree",
                                  "blob",
                                  "resolve",
                                  "main",
                                  "Q4_0",
                                  ".gguf",
                                  " ",
                                  "\\",
                                  "\xff",
                                  "\xc3\xa4",
                                  "?",
                                  "#",
                                  "-"};
    int accepted = 0;
    for (int round = 0; round < 30'000; ++round) {
        std::string text;
        for (std::size_t i = random() % 12; i-- > 0;)
            text +=
                random() % 8 == 0 ? std::string(1, static_cast<char>(random())) : pieces[random() % std::size(pieces)];
        const auto reference = parseModelReference(text);
        if (!reference.ok()) {
            EXPECT_EQ(reference.error().code, ErrorCode::InvalidArgument);
            continue;
        }
        ++accepted;
        EXPECT_TRUE(hub::isRepositoryId(reference->repository)) << text;
        EXPECT_TRUE(hub::isRevision(reference->revision)) << text;
        EXPECT_TRUE(reference->file.empty() || hub::isRepositoryPath(reference->file)) << text;
        EXPECT_TRUE(reference->file.empty() || reference->quantisation.empty()) << text;
    }
    EXPECT_GT(accepted, 50) << "the pieces must make some names";
}

TEST(ModelName, Paths) {
    for (const char* path : {"a", "a/b.gguf", "a b/c.json", "\xe6\xa8\xa1.gguf", "a..b", "x/..y.gguf"})
        EXPECT_EQ(hub::isRepositoryPath(path), std::string(path) != "x/..y.gguf") << path;
    const std::string long256(256, 'x');
    for (const std::string& path :
         {std::string(), std::string("/etc/passwd"), std::string("a/../b"), std::string(".."), std::string("."),
          std::string("a//b"), std::string("a/"), std::string("a\\b"), std::string("a\nb"), std::string("a\0b", 3),
          std::string(".a"), std::string("a/.b"), std::string("\xff"), long256 + "/a", long256, std::string("a\x7f")})
        EXPECT_FALSE(hub::isRepositoryPath(path)) << path;
}

TEST(ModelName, Quantisations) {
    const std::pair<const char*, const char*> cases[] = {
        {"Llama-3.2-1B-Instruct-Q4_K_M.gguf", "Q4_K_M"},
        {"model.q8_0.gguf", "Q8_0"},
        {"model-UD-Q4_K_XL.gguf", "UD-Q4_K_XL"},
        {"model-IQ4_XS.gguf", "IQ4_XS"},
        {"m.iq3_xxs.gguf", "IQ3_XXS"},
        {"m-IQ4_NL.gguf", "IQ4_NL"},
        {"m-f16.gguf", "F16"},
        {"m-fp16.gguf", "F16"},
        {"m.BF16.gguf", "BF16"},
        {"gpt-oss-20b-MXFP4.gguf", "MXFP4"},
        {"m-Q2_K.gguf", "Q2_K"},
        {"m-Q6_K_L.gguf", "Q6_K_L"},
        {"m-Q4_0_4_8.gguf", "Q4_0_4_8"},
        {"m-TQ1_0.gguf", "TQ1_0"},
        {"Q4_0.gguf", "Q4_0"},
        {"Q4_K_M/m-part.gguf", "Q4_K_M"},
        {"BF16/m.gguf", "BF16"},
        {"Q8_0/m-Q4_1.gguf", "Q4_1"},
        {"m.gguf", ""},
        {"m-Q4.gguf", ""},
        {"mQ4_0.gguf", ""},
        {"m-Q4_0x.gguf", ""},
        {"m-Q4_.gguf", ""},
        {"Q", ""},
        {"", ""},
        {"m-IQ4_.gguf", ""},
        {"m-Q4_K_M-v2.gguf", "Q4_K_M"},
        {"m-Q4_K_XXX.gguf", "Q4_K"},
        {"Q4_0/x/m.gguf", ""},
        {"m-IQ2_M.gguf", "IQ2_M"},
    };
    for (const auto& [path, type] : cases) EXPECT_EQ(hub::quantisationOf(path), type) << path;
}

}  // namespace
}  // namespace larder
