#include <sys/mman.h>

#include <string>
#include <utility>

#include "engine/base/page_memory.h"

namespace larder::base {

Expected<PageMemory> PageMemory::allocate(std::size_t bytes, Pages pages) {
    constexpr int kProtection = PROT_READ | PROT_WRITE;
    void* start = ::mmap(nullptr, bytes, kProtection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED)
        return Error{ErrorCode::OutOfMemory, "the system has no " + std::to_string(bytes >> 20) + " MB of memory to give"};
#if defined(MADV_HUGEPAGE)
    if (pages == Pages::Huge) (void)::madvise(start, bytes, MADV_HUGEPAGE);
#endif
    return PageMemory({static_cast<std::byte*>(start), bytes});
}

PageMemory::~PageMemory() {
    if (!m_bytes.empty()) ::munmap(m_bytes.data(), m_bytes.size());
}

void PageMemory::discard(std::size_t first, std::size_t bytes) const {
    (void)::madvise(m_bytes.data() + first, bytes, MADV_DONTNEED);
}

void PageMemory::touch(std::size_t first, std::size_t bytes) const {
    constexpr std::size_t kSmallestPageBytes = 4096;
    volatile std::byte* const start = m_bytes.data() + first;
    for (std::size_t at = 0; at < bytes; at += kSmallestPageBytes) start[at] = std::byte{0};
}

PageMemory::PageMemory(PageMemory&& other) noexcept : m_bytes(std::exchange(other.m_bytes, {})) {}

PageMemory& PageMemory::operator=(PageMemory&& other) noexcept {
    std::swap(m_bytes, other.m_bytes);
    return *this;
}

}  // namespace larder::base
