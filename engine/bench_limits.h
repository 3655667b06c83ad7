// What this machine can do at most, and how much of it a model asks for: what the bench holds its rates against.
// One thread at a time; the pool outlives everything here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <utility>

#include "engine/base/page_memory.h"
#include "engine/base/thread_pool.h"
#include "engine/error.h"
#include "engine/kernels/kernels.h"

namespace larder {

// What one token costs at least.
struct TokenWork {
    std::uint64_t readBytes = 0;     // weights a decoded token reads, as the file stores them: all but a lookup table
    std::uint64_t int8Products = 0;  // of a prompt token with int8 activations: the layers' matrices; no attention, no head
};
Expected<TokenWork> readTokenWork(const std::filesystem::path& model);

// Memory of the kind weights live in, read by all threads with the widest loads there are.
class ReadControl {
public:
    static Expected<ReadControl> create(base::ThreadPool& pool, std::size_t bytes);  // touches all of it
    double gigabytesPerSecond(int repeats);                                          // the median
    std::size_t bytes() const { return m_memory.size(); }

private:
    ReadControl(base::ThreadPool& pool, base::PageMemory memory) : m_pool(&pool), m_memory(std::move(memory)) {}

    base::ThreadPool* m_pool;
    base::PageMemory m_memory;
};

// How large a buffer must be to show the memory and not the caches: twice the last cache, within reason.
std::size_t memoryControlBytes();

// The int8 products of all threads at once, in 10^12 operations a second (a multiply and an add are two); the median.
double int8Tops(const kernels::Kernels& kernels, base::ThreadPool& pool, int repeats);

}  // namespace larder
