// Writes what llama.cpp computes for a token sequence: raw float32 logits [tokens, vocabulary], for compare_kl.py.
// Not part of the build: compare.sh compiles it against the llama.cpp build it is given.
// Usage: llama_cpp_logits MODEL.gguf TOKENS.json OUT.f32 [no-flash]
#include <llama.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

namespace {

// The numbers of the first array after "tokens" (or of the first array in the file).
std::vector<llama_token> readTokens(const char* path) {
    std::ifstream file(path);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    const std::size_t key = text.find("\"tokens\"");
    std::size_t at = text.find('[', key == std::string::npos ? 0 : key);
    std::vector<llama_token> tokens;
    while (at < text.size() && text[at] != ']') {
        ++at;
        char* end = nullptr;
        const long value = std::strtol(text.c_str() + at, &end, 10);
        if (end == text.c_str() + at) break;
        tokens.push_back(static_cast<llama_token>(value));
        at = text.find_first_of(",]", static_cast<std::size_t>(end - text.c_str()));
    }
    return tokens;
}

int fail(const std::string& message) {
    std::cerr << "llama_cpp_logits: " << message << "\n";
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) return fail("usage: llama_cpp_logits MODEL.gguf TOKENS.json OUT.f32 [no-flash]");
    std::vector<llama_token> tokens = readTokens(argv[2]);
    if (tokens.empty()) return fail(std::string("no tokens in ") + argv[2]);
    const bool flash = argc <= 4 || std::string(argv[4]) != "no-flash";
    llama_log_set([](ggml_log_level, const char*, void*) {}, nullptr);

    llama_backend_init();
    llama_model* model = llama_model_load_from_file(argv[1], llama_model_default_params());
    if (model == nullptr) return fail(std::string("cannot load ") + argv[1]);
    const auto count = static_cast<std::uint32_t>(tokens.size());
    llama_context_params params = llama_context_default_params();
    params.n_ctx = count + 64;
    params.n_batch = count;
    params.n_ubatch = count;
    params.n_threads = params.n_threads_batch = static_cast<std::int32_t>(std::thread::hardware_concurrency());
    if (!flash) params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;  // with it, keys and values are rounded to f16
    llama_context* context = llama_init_from_model(model, params);
    if (context == nullptr) return fail("cannot make a context");

    llama_batch batch = llama_batch_init(static_cast<int>(count), 0, 1);
    for (std::uint32_t i = 0; i < count; ++i) {
        batch.token[i] = tokens[i];
        batch.pos[i] = static_cast<llama_pos>(i);
        batch.n_seq_id[i] = 1;
        batch.seq_id[i][0] = 0;
        batch.logits[i] = 1;
    }
    batch.n_tokens = static_cast<int>(count);
    if (llama_decode(context, batch) != 0) return fail("decode failed");

    const int vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(model));
    std::ofstream out(argv[3], std::ios::binary);
    for (int i = 0; i < static_cast<int>(count); ++i) {
        out.write(reinterpret_cast<const char*>(llama_get_logits_ith(context, i)),
                  static_cast<std::streamsize>(sizeof(float)) * vocabulary);
    }
    out.close();
    if (!out) return fail(std::string("cannot write ") + argv[3]);
    std::cout << count << " positions, " << vocabulary << " logits each\n";
    llama_batch_free(batch);
    llama_free(context);
    llama_model_free(model);
    llama_backend_free();
    return 0;
}
