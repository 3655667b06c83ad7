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
    enum class Pages { Huge, Small };  // small: discard() gives back exactly what it is told
    static Expected<PageMemory> allocate(std::size_t bytes, Pages pages = Pages::Huge);
    ~PageMemory();
    PageMemory(PageMemory&& other) noexcept;
    PageMemory& operator=(PageMemory&& other) noexcept;

    // Gives the RAM behind [first, first + bytes) back; it reads as zero, or what was there, until it is written again.
    // Whole pages only. Safe beside others who use other parts.
    void discard(std::size_t first, std::size_t bytes) const;

    // Takes RAM for [first, first + bytes), which nobody has written to, so that whoever does will not wait for it. Blocks as
    // long as the system needs to find and clear it: 0.3 to 5 ms for 2 MB.
    void touch(std::size_t first, std::size_t bytes) const;

    std::byte* data() const { return m_bytes.data(); }
    std::size_t size() const { return m_bytes.size(); }

private:
    explicit PageMemory(std::span<std::byte> bytes) : m_bytes(bytes) {}
    std::span<std::byte> m_bytes;
};

}  // namespace larder::base
