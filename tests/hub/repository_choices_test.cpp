#include "engine/hub/repository_choices.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>

#include "engine/base/json.h"
#include "engine/hub.h"
#include "engine/hub/repository_listing.h"
#include "tests/hub/repository_pages.h"

namespace larder {
namespace {

using base::Json;
using support::choicesOf;
using support::kCommit;
using support::kSum;
using support::labelsOf;
using support::machineOf;
using support::named;
using support::pageWith;
using support::pathsOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(RepositoryListing, ReadsWhatTheHubSays) {
    Json page = pageWith({{"m-Q8_0.gguf", 1000}, {"README.md", 5}}, "llama", 135'000'000);
    page["gated"] = "manual";
    page["cardData"] = {{"license", "apache-2.0"}};
    page["siblings"].push_back({{"rfilename", "config.json"}, {"size", 77}});
    const auto listing = hub::readListing(page, "org/name");
    ASSERT_TRUE(listing.ok());
    EXPECT_EQ(listing->id, "org/name");
    EXPECT_EQ(listing->commit, kCommit);
    EXPECT_TRUE(listing->gated);
    EXPECT_EQ(listing->license, "apache-2.0");
    EXPECT_EQ(listing->architecture, "llama");
    EXPECT_EQ(listing->parameters, 135'000'000u);
    EXPECT_EQ(listing->contextTokens, 8192u);
    EXPECT_TRUE(listing->hasAllSizes);
    ASSERT_EQ(listing->files.size(), 3u);
    EXPECT_EQ(listing->files[1].path, "config.json");
    EXPECT_EQ(listing->files[1].bytes, 77u);
    EXPECT_EQ(listing->files[1].sha256, "");
    EXPECT_EQ(listing->files[2].sha256, kSum);

    page.erase("cardData");
    page["tags"] = {"gguf", "license:mit"};
    EXPECT_EQ(hub::readListing(page, "org/name")->license, "mit");
    page["siblings"][1].erase("size");
    page["siblings"][1].erase("lfs");
    EXPECT_FALSE(hub::readListing(page, "org/name")->hasAllSizes);
}

TEST(RepositoryListing, HostilePathsAreLeftOut) {
    const Json page = pageWith({{"/etc/x.gguf", 1},
                                {"../x.gguf", 1},
                                {"a/../../x.gguf", 1},
                                {"a\\x.gguf", 1},
                                {".hidden.gguf", 1},
                                {"a//x.gguf", 1},
                                {"a\nx.gguf", 1},
                                {std::string(300, 'x') + ".gguf", 1},
                                {"good-F16.gguf", 1}});
    EXPECT_THAT(labelsOf(choicesOf(page)), ElementsAre("F16"));
}

TEST(RepositoryListing, OddTypesAreErrors) {
    const auto isCorrupt = [](const Json& page) {
        const auto listing = hub::readListing(page, "org/name");
        return !listing.ok() && listing.error().code == ErrorCode::Corrupt;
    };
    EXPECT_TRUE(isCorrupt(Json::array()));
    EXPECT_TRUE(isCorrupt(Json("text")));
    EXPECT_TRUE(isCorrupt({{"id", "../../etc"}}));
    for (const Json& siblings : {Json(5), Json("x"), Json::object(), Json({{{"rfilename", 5}}}), Json({{{"size", 5}}}),
                                 Json::array({Json("a.gguf")}), Json::array({Json(nullptr)})}) {
        Json page = pageWith({});
        page["siblings"] = siblings;
        EXPECT_TRUE(isCorrupt(page)) << siblings;
    }
    for (const Json& size : {Json(-1), Json("5"), Json(1.5), Json(UINT64_MAX), Json(true), Json::array()}) {
        Json page = pageWith({{"m-Q8_0.gguf", 5}});
        page["siblings"][0]["size"] = size;
        EXPECT_TRUE(isCorrupt(page)) << size;
    }
    for (const Json& sum : {Json(5), Json("short"), Json(std::string(64, 'g')), Json::array()}) {
        Json page = pageWith({{"m-Q8_0.gguf", 5}});
        page["siblings"][0]["lfs"]["sha256"] = sum;
        EXPECT_TRUE(isCorrupt(page)) << sum;
    }
}

TEST(RepositoryListing, NoAnswerCrashes) {
    std::mt19937 random(3);
    const std::string good =
        base::dumpJson(pageWith({{"m-Q8_0.gguf", 5}, {"n-00001-of-00002.gguf", 7}, {"model.safetensors", 9}}));
    const char* values[] = {"null",      "-1",  "1e300", "\"x\"", "[]", "{}", "true", "18446744073709551616",
                            "\"../..\"", "[[]]"};
    for (int round = 0; round < 4'000; ++round) {
        std::string text = good;
        for (int change = static_cast<int>(random() % 3) + 1; change-- > 0;) {
            const std::size_t at = random() % text.size();
            if (random() % 2 == 0)
                text[at] = static_cast<char>(random());
            else if (const std::size_t colon = text.find(':', at); colon != std::string::npos)
                text.replace(colon + 1, text.find_first_of(",}", colon) - colon - 1,
                             values[random() % std::size(values)]);
        }
        const auto page = base::parseJson(text);
        if (!page.ok()) continue;
        if (const auto listing = hub::readListing(*page, "org/name"); listing.ok())
            (void)hub::makeChoices(*listing, machineOf(8));
        hub::RepositoryListing tree;
        (void)hub::addTreePage(*page, tree);
        (void)hub::readSearchResults(*page, 10);
    }
}

TEST(RepositoryChoices, SplitFilesAreOneChoice) {
    const auto choices = choicesOf(pageWith({{"m-Q8_0-00002-of-00002.gguf", 20},
                                             {"m-Q8_0-00001-of-00002.gguf", 10},
                                             {"BF16/m-BF16-00001-of-00003.gguf", 1},
                                             {"BF16/m-BF16-00003-of-00003.gguf", 1}}));
    ASSERT_EQ(choices.size(), 2u);
    const DownloadChoice& split = named(choices, "Q8_0");
    EXPECT_THAT(pathsOf(split), ElementsAre("m-Q8_0-00001-of-00002.gguf", "m-Q8_0-00002-of-00002.gguf"));
    EXPECT_EQ(split.bytes, 30u);
    EXPECT_THAT(split.problem, HasSubstr("split into 2 files"));
    EXPECT_THAT(named(choices, "BF16").problem, HasSubstr("only 2 of its 3 parts"));
}

TEST(RepositoryChoices, WhatIsNoModelIsNoChoice) {
    EXPECT_THAT(choicesOf(pageWith({{"mmproj-model-f16.gguf", 1},
                                    {"imatrix.gguf", 1},
                                    {"m.imatrix.gguf", 1},
                                    {"ggml-vocab-llama.gguf", 1},
                                    {"my-lora-f16.gguf", 1},
                                    {"README.md", 1},
                                    {"m.bin", 1},
                                    {"m.onnx", 1},
                                    {"model.pt", 1},
                                    {"adapter_model.safetensors", 1},
                                    {"config.json", 1}})),
                IsEmpty());
    EXPECT_EQ(choicesOf(pageWith({{"flora-7b-Q8_0.gguf", 1}})).size(), 1u);
}

TEST(RepositoryChoices, SafetensorsSet) {
    const auto choices = choicesOf(pageWith({{"config.json", 1},
                                             {"generation_config.json", 1},
                                             {"model-00001-of-00002.safetensors", 10},
                                             {"model-00002-of-00002.safetensors", 10},
                                             {"model.safetensors.index.json", 1},
                                             {"consolidated.safetensors", 20},
                                             {"tokenizer.json", 1},
                                             {"tokenizer_config.json", 1},
                                             {"special_tokens_map.json", 1},
                                             {"vocab.json", 1},
                                             {"merges.txt", 1},
                                             {"chat_template.jinja", 1},
                                             {"pytorch_model.bin", 20},
                                             {"original/consolidated.00.pth", 20},
                                             {"README.md", 1},
                                             {"onnx/model.onnx", 5},
                                             {"sub/model.safetensors", 5}},
                                            ""));
    ASSERT_EQ(choices.size(), 1u);
    EXPECT_EQ(choices[0].label, "safetensors");
    EXPECT_EQ(choices[0].format, ModelFormat::Safetensors);
    EXPECT_EQ(choices[0].files.size(), 11u);
    EXPECT_EQ(choices[0].bytes, 29u);
    EXPECT_THAT(choices[0].problem, HasSubstr("cannot be run by this version"));
    EXPECT_THAT(choicesOf(pageWith({{"model.safetensors", 10}})), IsEmpty())
        << "without config.json nothing can read it";
    EXPECT_THAT(choicesOf(pageWith({{"config.json", 1}, {"model-00001-of-00002.safetensors", 10}}))[0].problem,
                HasSubstr("only 1 of its 2"));
}

TEST(RepositoryChoices, ProblemsOfThisVersion) {
    const auto choices =
        choicesOf(pageWith({{"m-Q8_0.gguf", 1}, {"m-Q4_K_M.gguf", 1}, {"m-f16.gguf", 1}, {"m.gguf", 1}}));
    EXPECT_EQ(named(choices, "Q8_0").problem, "");
    EXPECT_EQ(named(choices, "F16").problem, "");
    EXPECT_EQ(named(choices, "m").problem, "") << "nothing is known against it";
    EXPECT_THAT(named(choices, "Q4_K_M").problem, HasSubstr("type Q4_K_M"));
    const auto other = choicesOf(pageWith({{"m-Q8_0.gguf", 1}}, "qwen3"));
    EXPECT_THAT(other[0].problem, HasSubstr("\"qwen3\" is not supported"));
    EXPECT_EQ(choicesOf(pageWith({{"m-Q8_0.gguf", 1}}, ""))[0].problem, "") << "the hub need not say";
}

// As llama-quantize makes them: the output matrix in Q6_K, which the size tells but the name does not.
TEST(RepositoryChoices, FourBitFilesWithASixBitMatrixRun) {
    EXPECT_EQ(choicesOf(pageWith({{"m-Q4_0.gguf", 773'000'000}}, "llama", 1'235'814'432))[0].problem, "");
    EXPECT_EQ(choicesOf(pageWith({{"m-Q6_K.gguf", 1'021'000'000}}, "llama", 1'235'814'432))[0].problem, "");
}

TEST(RepositoryChoices, OrderAndRecommendation) {
    const std::uint64_t billion = 1'000'000'000;
    const auto small = pageWith({{"m-F16.gguf", 2 * billion},
                                 {"m-Q4_0.gguf", billion / 2},
                                 {"m-Q4_K_M.gguf", billion * 6 / 10},
                                 {"m-Q8_0.gguf", billion},
                                 {"m-F32.gguf", 4 * billion},
                                 {"m-Q2_K.gguf", billion / 4}},
                                "llama", billion);
    EXPECT_EQ(choicesOf(small, 16)[0].label, "Q8_0") << "small models keep eight bits";
    EXPECT_EQ(choicesOf(small, 1.3)[0].label, "Q4_0") << "what fits comes before what is better";
    const auto large = pageWith({{"m-F16.gguf", 16 * billion},
                                 {"m-Q8_0.gguf", 8 * billion},
                                 {"m-Q4_0.gguf", billion * 45 / 10},
                                 {"m-Q4_K_M.gguf", 5 * billion}},
                                "llama", 8 * billion);
    EXPECT_EQ(choicesOf(large, 64)[0].label, "Q4_0");
    EXPECT_EQ(labelsOf(choicesOf(large, 64)).back(), "Q4_K_M") << "what cannot run is last";
    EXPECT_EQ(choicesOf(large, 2)[0].label, "Q4_0") << "nothing fits: the smallest that runs";
    const auto foreign = pageWith({{"m-F16.gguf", 16 * billion},
                                   {"m-Q8_0.gguf", 8 * billion},
                                   {"m-Q4_K_M.gguf", 5 * billion},
                                   {"m-Q2_K.gguf", 3 * billion}},
                                  "qwen3", 8 * billion);
    EXPECT_EQ(choicesOf(foreign, 64)[0].label, "Q4_K_M") << "nothing runs: the usual one";
}

TEST(RepositoryChoices, EqualLabelsAreToldApart) {
    const auto choices = choicesOf(pageWith({{"one/m-Q8_0.gguf", 1},
                                             {"two/m-Q8_0.gguf", 1},
                                             {"a-F16.gguf", 1},
                                             {"b-F16.gguf", 1},
                                             {"m.gguf", 1},
                                             {"m-00001-of-00001.gguf", 1}}));
    auto labels = labelsOf(choices);
    std::sort(labels.begin(), labels.end());
    EXPECT_EQ(std::unique(labels.begin(), labels.end()), labels.end()) << testing::PrintToString(labels);
    EXPECT_EQ(named(choices, "Q8_0 (one)").files[0].path, "one/m-Q8_0.gguf");
    EXPECT_EQ(named(choices, "a-F16").files[0].path, "a-F16.gguf");

    Repository repository{.id = "org/name", .commit = kCommit, .license = "", .pageUrl = "", .choices = choices};
    const auto chosen = [&](const std::string& text) { return chooseDownload(repository, *parseModelReference(text)); };
    EXPECT_EQ(chosen("org/name:Q8_0 (two)")->files[0].path, "two/m-Q8_0.gguf");
    EXPECT_EQ(chosen("org/name/two/m-Q8_0.gguf")->files[0].path, "two/m-Q8_0.gguf");
    EXPECT_EQ(chosen("org/name:q8_0").error().code, ErrorCode::InvalidArgument);
    EXPECT_THAT(chosen("org/name:q8_0").error().message, HasSubstr("Q8_0 (two)"));
}

TEST(ChooseDownload, ByQuantisationAndFile) {
    Repository repository;
    repository.id = "org/name";
    EXPECT_EQ(chooseDownload(repository, *parseModelReference("org/name")).error().code, ErrorCode::NotFound);
    repository.choices = choicesOf(pageWith({{"m-Q8_0.gguf", 1},
                                             {"m-Q4_K_M.gguf", 1},
                                             {"m-F16-00001-of-00002.gguf", 1},
                                             {"m-F16-00002-of-00002.gguf", 1},
                                             {"config.json", 1},
                                             {"model.safetensors", 1}}));
    const auto chosen = [&](const std::string& text) { return chooseDownload(repository, *parseModelReference(text)); };
    EXPECT_EQ(chosen("org/name")->label, repository.choices[0].label);
    EXPECT_EQ(chosen("org/name:q4_k_m")->label, "Q4_K_M");
    EXPECT_EQ(chosen("org/name:FP16")->label, "F16");
    EXPECT_EQ(chosen("org/name:safetensors")->format, ModelFormat::Safetensors);
    EXPECT_EQ(chosen("org/name/m-F16-00002-of-00002.gguf")->label, "F16");
    const auto missing = chosen("org/name:Q5_0");
    EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
    EXPECT_THAT(missing.error().message, HasSubstr("Q8_0"));
    EXPECT_EQ(chosen("org/name/other.gguf").error().code, ErrorCode::NotFound);
}

}  // namespace
}  // namespace larder
