// What compression makes of real KV: reads the block files of a cache and prints for each way of storing them the size, and what
// writing and reading costs one core. Usage: codec_bench CACHE-FOLDER (of a server that ran without compression)
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "engine/base/compression.h"
#include "engine/kv/cold_block.h"

namespace {

using Clock = std::chrono::steady_clock;
using namespace larder;

constexpr std::size_t kMostBlocks = 64;

struct Payload {
    std::vector<std::byte> bytes;
    std::size_t elementBytes = 1;
};

std::vector<Payload> readPayloads(const std::filesystem::path& folder) {
    std::vector<Payload> payloads;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (entry.path().extension() != ".safetensors" || payloads.size() == kMostBlocks) continue;
        std::ifstream file(entry.path(), std::ios::binary);
        const std::vector<char> text{std::istreambuf_iterator<char>(file), {}};
        const auto bytes = std::as_bytes(std::span(text));
        const auto head = kv::readColdHead(bytes.first(std::min(bytes.size(), kv::kColdHeadBytes)), bytes.size());
        if (!head || head->kind != kv::ColdKind::Full || head->parts.empty() || head->parts.front().codec != kv::ColdCodec::None) continue;
        const auto part = bytes.subspan(kv::kColdHeadBytes, head->parts.front().rawBytes);
        payloads.push_back({{part.begin(), part.end()}, head->elementBytes});
    }
    return payloads;
}

double seconds(Clock::time_point since) { return std::chrono::duration<double>(Clock::now() - since).count(); }

void measure(const std::vector<Payload>& payloads, const char* name, int level, bool planes) {
    base::PlaneCompressor compressor;
    std::size_t raw = 0;
    std::size_t stored = 0;
    double write = 0;
    double read = 0;
    for (const Payload& payload : payloads) {
        const std::size_t element = planes ? payload.elementBytes : 1;
        auto begin = Clock::now();
        const auto frame = compressor.compress(payload.bytes, element, level);
        write += seconds(begin);
        const std::vector<std::byte> kept(frame.begin(), frame.end());
        std::vector<std::byte> back(payload.bytes.size());
        begin = Clock::now();
        if (!compressor.decompress(kept, element, back) || back != payload.bytes) std::printf("NOT THE SAME BYTES\n");
        read += seconds(begin);
        raw += payload.bytes.size();
        stored += kept.size();
    }
    std::printf("%-22s %5.1f %% of the bytes   written %5.0f MB/s   read %5.0f MB/s\n", name, 100.0 * static_cast<double>(stored) / static_cast<double>(raw),
                static_cast<double>(raw) / write / 1e6, static_cast<double>(raw) / read / 1e6);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: codec_bench CACHE-FOLDER\n");
        return 2;
    }
    const auto payloads = readPayloads(argv[1]);
    if (payloads.empty()) {
        std::fprintf(stderr, "codec_bench: %s has no blocks that are stored as they are\n", argv[1]);
        return 1;
    }
    std::printf("%zu blocks of %zu bytes\n", payloads.size(), payloads.front().bytes.size());
    measure(payloads, "zstd 1, no planes", 1, false);
    for (const int level : {-5, -1, 1, 2, 3, 6, 9}) measure(payloads, ("zstd " + std::to_string(level) + ", planes").c_str(), level, true);
}
