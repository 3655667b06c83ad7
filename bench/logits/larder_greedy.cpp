// larder_greedy MODEL PROMPT.json COUNT OUT.json [f16|f32]: continues the prompt by COUNT tokens, each the most likely
// one, past the end of an answer too, and writes {"prompt": [...], "generated": [...]} for greedy_check.py. LARDER_ISA.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string_view>

#include "bench/logits/single_sequence.h"

namespace {

int fail(const larder::Error& error) {
    std::fprintf(stderr, "larder_greedy: %s\n", error.message.c_str());
    return 1;
}

void writeList(std::ofstream& out, std::string_view name, const std::vector<larder::TokenId>& tokens) {
    out << '"' << name << "\": [";
    for (std::size_t i = 0; i < tokens.size(); ++i) out << (i == 0 ? "" : ", ") << tokens[i];
    out << ']';
}

}  // namespace

int main(int count, char** arguments) {
    using larder::bench::SingleSequence;
    const long wanted = count < 5 ? 0 : std::strtol(arguments[3], nullptr, 10);
    if ((count != 5 && count != 6) || wanted < 1 || wanted > 1'000'000) {
        std::fprintf(stderr, "usage: larder_greedy MODEL PROMPT.json COUNT OUT.json [f16|f32]\n");
        return 2;
    }
    const auto kvType =
        count > 5 && std::string_view(arguments[5]) == "f32" ? larder::KvType::F32 : larder::KvType::F16;
    const auto prompt = larder::bench::readTokens(arguments[2]);
    if (!prompt) return fail(prompt.error());
    auto sequence = SingleSequence::open(arguments[1], kvType, prompt->size() + static_cast<std::size_t>(wanted));
    if (!sequence) return fail(sequence.error());

    std::vector<larder::TokenId> generated;
    std::vector<float> logits = sequence->append(*prompt, true);
    for (;;) {
        // Ties take the lowest id.
        const auto best = static_cast<larder::TokenId>(std::max_element(logits.begin(), logits.end()) - logits.begin());
        generated.push_back(best);
        if (std::ssize(generated) == wanted) break;
        logits = sequence->append(std::span(&best, 1), true);
    }
    std::ofstream out(arguments[4]);
    out << '{';
    writeList(out, "prompt", *prompt);
    out << ", ";
    writeList(out, "generated", generated);
    out << "}\n";
    out.close();
    return out ? 0 : fail({larder::ErrorCode::Io, std::string("cannot write ") + arguments[4]});
}
