// /api/status, /metrics and /api/usage: the same numbers, however they are asked for.
#include "engine/api/status_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "engine/api/metrics.h"
#include "tests/api/api_house.h"
#include "tests/support/temp_folder.h"

namespace larder::api {
namespace {

using ::testing::HasSubstr;

ModelUsage usageOf(const std::string& model, std::uint64_t seed) {
    ModelUsage usage{model, {}, {}};
    usage.counters = {.requests = seed,
                      .promptTokens = 1000 * seed + 1,
                      .cachedTokens = 600 * seed,
                      .loadedTokens = 100 * seed,
                      .computedPromptTokens = 400 * seed + 1,
                      .generatedTokens = 50 * seed + 7,
                      .prefillSeconds = 0.5 * static_cast<double>(seed),
                      .decodeSeconds = 0.25,
                      .firstTokens = 0,
                      .ttftMs = 0};
    for (std::uint64_t i = 1; i <= seed; ++i) {
        const double ms = 3.0 * static_cast<double>(i * i);
        usage.ttft.add(ms);
        usage.counters.ttftMs += ms;
        ++usage.counters.firstTokens;
    }
    return usage;
}

EngineStatus statusOf(std::vector<ModelUsage> usage) {
    EngineStatus status;
    status.isa = "avx2";
    status.threads = 2;
    status.usage = std::move(usage);
    for (const ModelUsage& model : status.usage) {
        status.total.add(model.counters);
        status.ttft.add(model.ttft);
    }
    status.models.resize(2);
    status.models[0].name = "loading \"one\"";
    status.models[0].state = ModelState::Loading;
    status.models[1].name = "tiny";
    status.models[1].state = ModelState::Loaded;
    status.models[1].weightBytes = 1234;
    status.models[1].runningSequences = 1;
    status.hotTier = {1000, 200, 300, 4};
    status.coldTier.on = true;
    status.coldTier.limitBytes = 5000;
    status.coldTier.usedBytes = 4000;
    status.coldTier.readBlocks = 17;
    status.coldTier.writtenTodayBytes = 3000;
    return status;
}

// Every sample by its name and labels.
std::map<std::string, double> samples(const std::string& text) {
    std::map<std::string, double> found;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with('#')) continue;
        const std::size_t space = line.rfind(' ');
        EXPECT_TRUE(found.emplace(line.substr(0, space), std::stod(line.substr(space + 1))).second) << "twice: " << line;
    }
    return found;
}

class StatusRoutes : public ::testing::Test {
protected:
    // A log that ran before, and one that goes on over the scripted generator.
    void SetUp() override {
        records::UsageLog({.file = folder.path() / "usage.sqlite3", .current = [] { return std::vector{usageOf("old", 2), usageOf("tiny", 1)}; }})
            .flush();
        log.emplace(records::UsageLogParts{.file = folder.path() / "usage.sqlite3", .current = [this] { return now; }});
        RoutesSettings settings = ApiHouse::plainSettings();
        settings.version = "1.2.3";
        settings.usage = &*log;
        house.emplace(settings);
        see({usageOf("base", 5), usageOf("tiny", 9)});
    }
    void see(std::vector<ModelUsage> usage) {
        now = usage;
        house->generator.setStatus(statusOf(std::move(usage)));
    }
    std::string get(const std::string& path, const std::string& query = "") {
        HttpRequest request = ApiHouse::request("GET", path);
        request.query = query;
        const auto reply = house->answer(std::move(request));
        EXPECT_EQ(reply->status(), 200) << reply->body();
        return reply->body();
    }

    support::TempFolder folder;
    std::vector<ModelUsage> now;
    std::optional<records::UsageLog> log;
    std::optional<ApiHouse> house;
};

const char* const kCounts[] = {"requests", "prompt_tokens", "cached_tokens", "loaded_tokens", "computed_tokens", "generated_tokens"};

TEST_F(StatusRoutes, EverybodyTellsTheSameNumbers) {
    log->flush();                                        // a part of it is written,
    see({usageOf("base", 6), usageOf("tiny", 11)});      // and a part is not
    const base::Json status = parsed(get("/api/status"));
    const auto metrics = samples(get("/metrics"));
    const base::Json usage = parsed(get("/api/usage", "from=0"));
    const EngineStatus engine = house->generator.status();
    for (const char* count : kCounts) {
        std::uint64_t models = 0, exposed = 0, hours = 0;
        for (const base::Json& model : status["models"]) models += model[count].get<std::uint64_t>();
        for (const char* model : {"base", "tiny"})
            exposed += static_cast<std::uint64_t>(metrics.at("larder_" + std::string(count) + "_total{model=\"" + model + "\"}"));
        for (const base::Json& hour : usage["hours"]) hours += hour[count].get<std::uint64_t>();
        EXPECT_EQ(status["total"][count], models) << count;
        EXPECT_EQ(exposed, models) << count;
        EXPECT_EQ(status["all_time"][count], hours) << count;
        std::uint64_t allModels = 0;
        for (const base::Json& model : status["all_time"]["models"]) allModels += model[count].get<std::uint64_t>();
        EXPECT_EQ(allModels, hours) << count;
    }
    EXPECT_EQ(status["total"]["prompt_tokens"], engine.total.promptTokens);
    EXPECT_EQ(status["all_time"]["prompt_tokens"], engine.total.promptTokens + 2001 + 1001);
    EXPECT_EQ(status["all_time"]["requests"], 6u + 11 + 2 + 1);
    EXPECT_EQ(status["total"]["ttft"]["count"], 17);
}

TEST_F(StatusRoutes, StatusHasWhatThePageNames) {
    const base::Json status = parsed(get("/api/status"));
    EXPECT_EQ(status["server"]["version"], "1.2.3");
    EXPECT_EQ(status["server"]["isa"], "avx2");
    EXPECT_EQ(status["server"]["threads"], 2);
    EXPECT_GE(status["server"]["uptime_seconds"].get<double>(), 0);
    ASSERT_EQ(status["models"].size(), 3u) << "those that have numbers and those that are there";
    EXPECT_EQ(status["models"][0]["name"], "base");
    EXPECT_EQ(status["models"][0]["state"], "unloaded");
    EXPECT_EQ(status["models"][1]["name"], "loading \"one\"");
    EXPECT_EQ(status["models"][1]["requests"], 0);
    EXPECT_EQ(status["models"][2]["weight_bytes"], 1234);
    EXPECT_EQ(status["models"][2]["requests"], 9);
    EXPECT_EQ(status["models"][2]["ttft"]["count"], 9);
    EXPECT_EQ(status["models"][0]["cache_efficiency_percent"], 59.99);
    EXPECT_EQ(status["models"][0]["prefill_tokens_per_second"], 800.4);
    EXPECT_EQ(status["hot_cache"]["used_bytes"], 500);
    EXPECT_EQ(status["cold_cache"]["hits"], 17);
    EXPECT_EQ(status["cold_cache"]["written_today_bytes"], 3000);
    EXPECT_EQ(status["cold_cache"]["problem"], "");
}

TEST_F(StatusRoutes, MetricsAreWellFormed) {
    const std::string text = get("/metrics");
    EXPECT_EQ(house->answer(ApiHouse::request("GET", "/metrics"))->header("Content-Type"), kMetricsType);
    EXPECT_TRUE(text.ends_with('\n'));
    EXPECT_THAT(text, HasSubstr("larder_model_loaded{model=\"loading \\\"one\\\"\"} 0\n"));
    // Each metric is declared once, before its samples.
    std::map<std::string, int> declared;
    std::istringstream lines(text);
    std::string name;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("# HELP ")) continue;
        if (line.starts_with("# TYPE ")) {
            name = line.substr(7, line.find(' ', 7) - 7);
            EXPECT_EQ(++declared[name], 1) << name;
        } else {
            EXPECT_TRUE(line.starts_with(name)) << line << " after " << name;
            EXPECT_EQ(line.find("nan"), line.npos);
        }
    }
    EXPECT_GT(declared.size(), 35u);
}

TEST_F(StatusRoutes, TheHistogramIsCumulativeAndExact) {
    const auto metrics = samples(get("/metrics"));
    const std::string who = "larder_ttft_seconds_bucket{model=\"tiny\",le=\"";
    // 3, 12, 27, 48, 75, 108, 147, 192, 243 ms
    for (const auto& [le, count] : {std::pair("0.001", 0), std::pair("0.004", 1), std::pair("0.016", 2), std::pair("0.032", 3),
                                    std::pair("0.064", 4), std::pair("0.128", 6), std::pair("0.256", 9), std::pair("262.144", 9),
                                    std::pair("+Inf", 9)})
        EXPECT_EQ(metrics.at(who + le + "\"}"), count) << le;
    EXPECT_EQ(metrics.at("larder_ttft_seconds_count{model=\"tiny\"}"), 9);
    EXPECT_DOUBLE_EQ(metrics.at("larder_ttft_seconds_sum{model=\"tiny\"}"), 0.855);
}

TEST_F(StatusRoutes, UsageTakesARangeOfHours) {
    const base::Json all = parsed(get("/api/usage"));
    EXPECT_EQ(all["to"].get<std::int64_t>() - all["from"].get<std::int64_t>(), 23);
    EXPECT_GE(all["hours"].size(), 3u);
    EXPECT_EQ(parsed(get("/api/usage", "from=1&to=2"))["hours"].size(), 0u);
    for (const char* query : {"from=x", "to=-1", "from=", "to=99999999999999999999"}) {
        HttpRequest request = ApiHouse::request("GET", "/api/usage");
        request.query = query;
        EXPECT_EQ(house->answer(std::move(request))->status(), 400) << query;
    }
}

TEST(StatusRoutesAlone, TheyNeedTheKey) {
    RoutesSettings settings = ApiHouse::plainSettings();
    settings.apiKey = "secret";
    ApiHouse house(settings);
    for (const char* path : {"/api/status", "/metrics", "/api/usage", "/api/cache"}) {
        EXPECT_EQ(house.answer(ApiHouse::request("GET", path))->status(), 401);
        EXPECT_EQ(house.answer(ApiHouse::request("POST", path, "", {{"authorization", "Bearer secret"}}))->status(), 405);
    }
    EXPECT_EQ(house.answer(ApiHouse::request("GET", "/metrics", "", {{"authorization", "Bearer secret"}}))->status(), 200);
    for (const char* path : {"/api/cache/pin", "/api/cache/clear", "/api/cache/verify", "/api/cache/export", "/api/cache/import"})
        EXPECT_EQ(house.answer(ApiHouse::request("POST", path, "{}"))->status(), 401);
}

}  // namespace
}  // namespace larder::api
