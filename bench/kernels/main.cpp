// kernels_bench [--benchmark_filter=avx2/matmul/Q4_1]: one thread; names are isa/what/shape.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstring>
#include <new>

#include "bench/kernels/bench_tables.h"

namespace larder::kernels::bench {

std::vector<const Kernels*> tables() {
    std::vector<const Kernels*> found;
    for (const char* isa :
         {"scalar", "avx2", "avx2-vnni", "avx512-vnni", "avx512-amx", "neon", "neon-dotprod", "neon-i8mm"}) {
        if (const Kernels* table = selectKernels(isa)) {
            found.push_back(table);
        }
    }
    return found;
}

Bytes alignedBytes(std::size_t size) {
    const std::size_t rounded = (size + 63) / 64 * 64;
    auto* bytes = static_cast<std::byte*>(std::aligned_alloc(64, rounded));
    if (bytes == nullptr) {
        throw std::bad_alloc();
    }
    std::memset(bytes, 0, rounded);
    return Bytes(bytes);
}

std::vector<float> values(std::size_t count, unsigned seed) {
    std::vector<float> x(count);
    std::uint32_t state = seed * 2654435761u + 1u;
    for (float& value : x) {
        state = state * 1664525u + 1013904223u;
        value = static_cast<float>(state >> 8) * 0x1p-23f - 1.0f;
    }
    return x;
}

}  // namespace larder::kernels::bench

int main(int argc, char** argv) {
    namespace bench = larder::kernels::bench;
    for (const larder::kernels::Kernels* table : bench::tables()) {
        bench::registerMatmul(table);
        bench::registerAttention(table);
        bench::registerRows(table);
    }
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
