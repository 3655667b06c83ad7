// A large block of zeroed memory straight from the system, in huge pages where there are some. Pages take RAM when they
// are first touched. One owner; the bytes may be used by any thread.
#pragma once

#include <cstddef>
#include <span>

#include "engine/error.h"

namespace larder::base {

class PageMemory {
public:
    // OutOfMemory when the system has no room for it. bytes > 0; the start is aligned to a page at least.
    static Expected<PageMemory> allocate(std::size_t bytes);
    ~PageMemory();
    PageMemory(PageMemory&& other) noexcept;
    PageMemory& operator=(PageMemory&& other) noexcept;

    std::byte* data() const { return m_bytes.data(); }
    std::size_t size() const { return m_bytes.size(); }

private:
    explicit PageMemory(std::span<std::byte> bytes) : m_bytes(bytes) {}
    std::span<std::byte> m_bytes;
};

}  // namespace larder::base
