// larder_logits MODEL TOKENS.json OUT.f32 [f16|f32]: logits of every position as raw little-endian float32
// [positions, vocabulary], for compare_kl.py. Uses LARDER_ISA.
#include <cstdio>
#include <fstream>
#include <string_view>

#include "bench/logits/single_sequence.h"

namespace {

int fail(const larder::Error& error) {
    std::fprintf(stderr, "larder_logits: %s\n", error.message.c_str());
    return 1;
}

}  // namespace

int main(int count, char** arguments) {
    using larder::bench::SingleSequence;
    if (count != 4 && count != 5) {
        std::fprintf(stderr, "usage: larder_logits MODEL TOKENS.json OUT.f32 [f16|f32]\n");
        return 2;
    }
    const auto kvType =
        count > 4 && std::string_view(arguments[4]) == "f32" ? larder::KvType::F32 : larder::KvType::F16;
    const auto tokens = larder::bench::readTokens(arguments[2]);
    if (!tokens) return fail(tokens.error());
    auto sequence = SingleSequence::open(arguments[1], kvType, tokens->size());
    if (!sequence) return fail(sequence.error());
    const std::vector<float> logits = sequence->append(*tokens, false);
    std::ofstream out(arguments[3], std::ios::binary);
    out.write(reinterpret_cast<const char*>(logits.data()),
              static_cast<std::streamsize>(logits.size() * sizeof(float)));
    out.close();
    return out ? 0 : fail({larder::ErrorCode::Io, std::string("cannot write ") + arguments[3]});
}
