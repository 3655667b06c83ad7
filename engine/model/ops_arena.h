// Memory of one step's tensors: given out in order, taken back as a whole or down to a mark. No allocation in the hot loop once
// the largest batch was seen. Engine thread only.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "engine/model/ops_types.h"

namespace larder::model {

inline constexpr std::size_t kStepAlignment = 64;  // a cache line

inline constexpr std::size_t stepAligned(std::size_t bytes) {
    return (bytes + kStepAlignment - 1) / kStepAlignment * kStepAlignment;
}

class StepArena {
public:
    void restart();                      // what one step needed in several chunks, the next gets in one
    void* allocate(std::size_t bytes);   // aligned to kStepAlignment
    std::size_t mark() const { return m_base + m_used; }
    void rewind(std::size_t mark);

private:
    struct Chunk {
        std::unique_ptr<std::byte[]> memory;
        std::size_t size = 0;
    };
    std::vector<Chunk> m_chunks;
    std::size_t m_base = 0;  // bytes of all chunks before the last
    std::size_t m_used = 0;  // bytes of the last chunk
};

// The forms that the consumers of an activation ask for.
struct Forms {
    bool hasFloat = false;
    bool hasInt8 = false;

    void add(const Matrix& consumer);
};

std::size_t activationBytes(int count, int columns, const Forms& forms);
// In activationBytes() of memory, aligned to kStepAlignment.
Activation activationAt(void* memory, int count, int columns, const Forms& forms);

}  // namespace larder::model
