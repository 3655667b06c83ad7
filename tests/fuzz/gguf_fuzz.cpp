// libFuzzer target: any bytes either are a GGUF file whose every key and tensor can be read, or are refused with a
// message that is valid UTF-8. Run: gguf_fuzz -max_len=65536 -malloc_limit_mb=64 NEW_FOLDER tests/fuzz/gguf_corpus
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "engine/base/utf8.h"
#include "engine/formats/gguf.h"
#include "tests/support/gguf_exercise.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto file = larder::formats::GgufFile::parse(std::as_bytes(std::span(data, size)), "fuzz");
    if (file.ok()) {
        volatile std::uint64_t sink = larder::support::exerciseGguf(*file);
        (void)sink;
    } else if (file.error().message.empty() || !larder::base::isUtf8(file.error().message)) {
        std::abort();
    }
    return 0;
}
