// What the record of known prompts costs: its requests, on their own threads; its disk, for conversations like a coding agent's; and
// a start with 32 MB of it.
//
//     prompts_bench [FOLDER]
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <random>
#include <vector>

#include "engine/api/known_prompts.h"
#include "engine/api/request_book.h"
#include "engine/base/clock.h"
#include "engine/records/prompt_store.h"

namespace {

using namespace larder;
namespace fs = std::filesystem;

std::vector<TokenId> someTokens(std::size_t tokens, std::mt19937& random) {
    std::vector<TokenId> ids(tokens);
    for (TokenId& each : ids) each = static_cast<TokenId>(random() % 49'152);
    return ids;
}

double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
    return values[values.size() / 2];
}

struct Cost {
    std::vector<double> beginUs, endUs;
};

// A turn of a conversation: the prompt, an answer of 300 tokens; prompt grows by it.
void turn(api::RequestBook& book, std::vector<TokenId>& prompt, std::mt19937& random, Cost& cost) {
    api::RequestEntry entry = book.open("openai chat", nullptr);
    api::PreparedRequest request;
    request.model = "model";
    request.ids = prompt;
    const double begin = base::steadyMs();
    entry.prepared(std::move(request));
    cost.beginUs.push_back((base::steadyMs() - begin) * 1000);
    PrefillProgress progress;
    progress.computedTokens = progress.totalTokens = prompt.size();
    entry.progress(progress);
    const std::vector<TokenId> answer = someTokens(300, random);
    for (const TokenId each : answer) entry.answered(each);
    GenerationFinished finished;
    finished.promptTokens = prompt.size();
    const double end = base::steadyMs();
    entry.finished(finished);
    cost.endUs.push_back((base::steadyMs() - end) * 1000);
    prompt.insert(prompt.end(), answer.begin(), answer.end());
}

// Conversations of 40 turns that end at 50,000 tokens, over the same 12,000 of tools and system.
Cost converse(std::size_t conversations, records::PromptStore* store) {
    std::mt19937 random(1);
    Cost cost;
    api::RequestBook book({}, {}, {store, [] { return ColdTierStatus(); }});
    const std::vector<TokenId> front = someTokens(12'000, random);
    for (std::size_t i = 0; i < conversations; ++i) {
        std::vector<TokenId> prompt = front;
        for (int each = 0; each < 40; ++each) {
            const std::vector<TokenId> added = someTokens(650, random);
            prompt.insert(prompt.end(), added.begin(), added.end());
            turn(book, prompt, random, cost);
            if (store != nullptr) store->flush();  // as slow as a model makes it
        }
    }
    return cost;
}

void print(const char* what, const Cost& cost) {
    std::printf("%-34s begin %7.1f us, end %6.1f us (medians of %zu)\n", what, median(cost.beginUs), median(cost.endUs), cost.endUs.size());
}

}  // namespace

int main(int argc, char** argv) {
    const fs::path folder = argc > 1 ? fs::path(argv[1]) : fs::temp_directory_path() / "larder-prompts-bench";
    fs::create_directories(folder);
    const fs::path file = folder / "prompts.sqlite3";
    const auto bytes = [&] { return fs::exists(file) ? static_cast<double>(fs::file_size(file)) / 1e6 : 0.0; };
    const auto clear = [&] {
        for (const char* ending : {"", "-wal", "-shm"}) fs::remove(file.string() + ending);
    };
    print("request, nothing kept", converse(4, nullptr));
    for (const std::size_t conversations : {std::size_t{1}, std::size_t{4}}) {
        clear();
        {
            records::PromptStore store(records::PromptStoreParts{.file = file});
            print("request, kept", converse(conversations, &store));
        }
        std::printf("%zu conversations of 40 turns, 50,000 tokens: %.2f MB on the disk\n", conversations, bytes());
    }
    clear();
    std::mt19937 random(2);
    {
        records::PromptStore store(records::PromptStoreParts{.file = file, .queueBytes = std::size_t{1} << 30});
        std::vector<double> writeMs;
        for (std::uint64_t number = 1; number <= 160; ++number) {
            const double begin = base::steadyMs();
            store.change(records::PromptBegin{number, "model", 1, someTokens(50'000, random)});
            store.flush();
            writeMs.push_back(base::steadyMs() - begin);
        }
        std::printf("a new prompt of 50,000 tokens is written in %.1f ms, by the store's thread\n", median(writeMs));
    }
    std::vector<double> readMs, hashMs;
    std::size_t prompts = 0, loaded = 0;
    for (int round = 0; round < 7; ++round) {
        records::PromptStore store(records::PromptStoreParts{.file = file});
        const double begin = base::steadyMs();
        store.load(32'000'000, [&](std::vector<records::StoredPrompt> earlier) {
            readMs.push_back(base::steadyMs() - begin);
            const double read = base::steadyMs();
            const api::KnownPrompts known(32'000'000, std::move(earlier));
            hashMs.push_back(base::steadyMs() - read);
            prompts = known.count();
            loaded = known.bytes();
        });
        store.flush();
    }
    std::printf("start with %.1f MB on the disk: read in %.1f ms, hashed in %.1f ms, in the background; %zu prompts, %.1f MB in RAM\n", bytes(),
                median(readMs), median(hashMs), prompts, static_cast<double>(loaded) / 1e6);
    clear();
    return 0;
}
