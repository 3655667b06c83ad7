// What the kernel benchmarks share.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <vector>

#include "engine/kernels/kernels.h"

namespace larder::kernels::bench {

// Every table this CPU runs, best last.
std::vector<const Kernels*> tables();

struct Free {
    void operator()(std::byte* bytes) const { std::free(bytes); }
};
using Bytes = std::unique_ptr<std::byte[], Free>;

// Zeroed bytes at a 64-byte boundary.
Bytes alignedBytes(std::size_t size);

// Repeatable values in [-1, 1].
std::vector<float> values(std::size_t count, unsigned seed);

// Each registers its benchmarks for a table.
void registerMatmul(const Kernels* table);
void registerAttention(const Kernels* table);
void registerRows(const Kernels* table);

}  // namespace larder::kernels::bench
