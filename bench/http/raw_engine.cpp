// larder_raw_engine MODEL THREADS: the forward pass without server, scheduler and sampling, in a process that stays.
// For each line "PROMPT TOKENS" on standard input it computes a fresh prompt of so many tokens and then decodes so many, and
// prints the seconds of both. Uses LARDER_ISA.
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "engine/base/thread.h"
#include "engine/base/thread_pool.h"
#include "engine/bench_clock.h"
#include "engine/bench_sequences.h"
#include "engine/isa.h"
#include "engine/kernels/kernels.h"
#include "engine/model/model.h"

namespace {

int fail(const larder::Error& error) {
    std::fprintf(stderr, "larder_raw_engine: %s\n", error.message.c_str());
    return 1;
}

int answerLines(larder::model::Model& model) {
    const int window = model.contextTokens();
    auto sequences = larder::BenchSequences::create(model, static_cast<std::size_t>(window) / larder::kBlockTokens + 1);
    if (!sequences) return fail(sequences.error());
    for (int prompt = 0, tokens = 0; std::cin >> prompt >> tokens;) {
        if (prompt < 1 || tokens < 0 || prompt + tokens > window)
            return fail({larder::ErrorCode::InvalidArgument, "a prompt needs 1 token at least, and all must fit the window"});
        const double prefill = larder::medianSeconds(1, [&] { sequences->prepare(1, prompt, tokens); });
        const double decode = larder::medianSeconds(1, [&] {
            for (int step = 0; step < tokens; ++step) sequences->decode();
        });
        std::printf("%.9f %.9f\n", prefill, decode);
        std::fflush(stdout);
    }
    return 0;
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 3) {
        std::fprintf(stderr, "usage: larder_raw_engine MODEL THREADS\n");
        return 2;
    }
    const auto isa = larder::chosenIsa();
    if (!isa) return fail(isa.error());
    larder::base::ThreadPool pool(static_cast<std::size_t>(std::atoi(arguments[2])));
    larder::base::setFloatingPointMode();
    larder::base::lowerThreadPriority();  // as the server's engine thread
    larder::model::LoadOptions options;
    options.kernels = larder::kernels::selectKernels(*isa);
    options.pool = &pool;
    const auto model = larder::model::loadModel(arguments[1], options);
    if (!model) return fail(model.error());
    return answerLines(**model);
}
