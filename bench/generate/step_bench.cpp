// step_bench MODEL [THREADS]: how long the engine thread does anything else than the forward pass: from the end of one
// to the begin of the next, in decode steps of 1 and 8 sequences. Each answer is read by a thread of its own, as in the
// server. Prints medians, of the clock and of the thread's processor time, which a busy machine disturbs less. Build it
// without assertions: they check every invariant after each step. Uses LARDER_ISA.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <thread>
#include <vector>

#include "engine/base/mailbox.h"
#include "engine/base/thread.h"
#include "engine/base/thread_pool.h"
#include "engine/generate/worker.h"
#include "engine/model/model.h"

namespace larder::bench {
namespace {

constexpr std::size_t kTokens = 200;

double nowUs() {
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double threadUs() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) * 1e-3;
}

double median(std::vector<double> values) {
    if (values.empty()) return 0;
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
    return values[values.size() / 2];
}

// Takes the time of the decode steps of a whole batch.
class TimedModel : public model::Model {
public:
    explicit TimedModel(std::unique_ptr<model::Model> model) : m_model(std::move(model)) {}

    const model::KvLayout& kvLayout() const override { return m_model->kvLayout(); }
    KvShape kvShape() const override { return m_model->kvShape(); }
    base::Hash128 identity() const override { return m_model->identity(); }
    int vocabulary() const override { return m_model->vocabulary(); }
    int contextTokens() const override { return m_model->contextTokens(); }
    std::size_t weightBytes() const override { return m_model->weightBytes(); }
    void forward(const model::Batch& batch, std::span<float> logits) override {
        const double begin = nowUs();
        const bool counts = batch.tokens.size() == watched && batch.logitRows.size() == watched;
        if (counts && m_lastEnd > 0) {
            between.push_back(begin - m_lastEnd);
            betweenBusy.push_back(threadUs() - m_lastBusy);
        }
        m_model->forward(batch, logits);
        m_lastEnd = counts ? nowUs() : 0;
        m_lastBusy = threadUs();
        if (counts) forwards.push_back(m_lastEnd - begin);
    }

    std::size_t watched = 0;          // rows of the steps that count
    std::vector<double> between;      // us
    std::vector<double> betweenBusy;  // us of the engine thread
    std::vector<double> forwards;     // us

private:
    std::unique_ptr<model::Model> m_model;
    double m_lastEnd = 0;
    double m_lastBusy = 0;
};

struct Setting {
    const char* name;
    SamplingParams params;
    int topLogprobs = -1;
};

std::vector<Setting> settings() {
    SamplingParams greedy;
    greedy.temperature = 0;
    SamplingParams usual;
    usual.temperature = 0.8f;
    usual.topK = 40;
    usual.topP = 0.95f;
    SamplingParams topP;
    topP.topP = 0.95f;
    SamplingParams penalised = usual;
    penalised.repetitionPenalty = 1.1f;
    return {{"greedy", greedy}, {"temperature", {}},      {"top_k+top_p", usual},
            {"top_p", topP},    {"penalties", penalised}, {"greedy, 5 logprobs", greedy, 5}};
}

using Box = base::Mailbox<GenerationEvent>;

void readAnswer(Box& box) {
    for (;;) {
        for (const GenerationEvent& event : box.wait()) {
            if (std::holds_alternative<GenerationFinished>(event) || std::holds_alternative<Error>(event)) return;
        }
    }
}

void runSetting(TimedModel& model, generate::Worker& worker, const Setting& setting, std::size_t batch) {
    model.watched = batch;
    model.between.clear();
    model.betweenBusy.clear();
    model.forwards.clear();
    std::vector<std::unique_ptr<Box>> boxes;
    std::vector<std::thread> readers;
    for (std::size_t i = 0; i < batch; ++i) {
        boxes.push_back(std::make_unique<Box>());
        GenerationRequest request;
        for (int k = 0; k < 64; ++k) request.prompt.push_back(static_cast<TokenId>(100 + 37 * k + static_cast<int>(i)));
        request.sampling = setting.params;
        request.sampling.seed = i;
        request.maxTokens = kTokens;
        request.topLogprobs = setting.topLogprobs;
        worker.submit(generate::LaneId{1}, {.id = SequenceId{i + 1},
                       .request = std::move(request),
                       .sink = [box = boxes.back().get()](GenerationEvent event) { box->post(std::move(event)); },
                       .submittedMs = 1});
        readers.emplace_back([box = boxes.back().get()] { readAnswer(*box); });
    }
    for (std::thread& reader : readers) reader.join();
    const double step = median(model.forwards);
    const double rest = median(model.between);
    std::printf("%-20s %zu sequences: forward %7.0f us, between %5.0f us (thread %5.0f us), %4.1f %%\n", setting.name,
                batch, step, rest, median(model.betweenBusy), 100 * rest / (step + rest));
}

int run(const char* path, std::size_t threads) {
    const char* forced = std::getenv("LARDER_ISA");
    const kernels::Kernels* kernels = kernels::selectKernels(forced != nullptr ? forced : "");
    if (kernels == nullptr) {
        std::fprintf(stderr, "step_bench: LARDER_ISA must be one of %s\n", kernels::supportedIsas().c_str());
        return 2;
    }
    base::ThreadPool pool(threads);
    model::LoadOptions options;
    options.kernels = kernels;
    options.pool = &pool;
    auto loaded = model::loadModel(path, options);
    if (!loaded) {
        std::fprintf(stderr, "step_bench: %s\n", loaded.error().message.c_str());
        return 1;
    }
    auto timed = std::make_unique<TimedModel>(std::move(loaded).value());
    TimedModel& model = *timed;  // of the engine thread; read here while nothing runs
    generate::Worker worker(*kernels, {.pool = &pool, .hotLimitBytes = std::size_t{1} << 30});
    worker.attach(generate::LaneId{1}, std::move(timed), {.contextTokens = 1024});
    std::printf("%s, %zu threads\n", kernels->isa, pool.threads());
    for (const std::size_t batch : {1, 8})
        for (const Setting& setting : settings()) runSetting(model, worker, setting, batch);
    return 0;
}

}  // namespace
}  // namespace larder::bench

int main(int argc, char** argv) {
    if (argc != 2 && argc != 3) {
        std::fprintf(stderr, "usage: step_bench MODEL [THREADS]\n");
        return 2;
    }
    return larder::bench::run(argv[1], argc == 3 ? std::strtoul(argv[2], nullptr, 10) : larder::base::physicalCores());
}
