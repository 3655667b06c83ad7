#include "engine/generation.h"

namespace larder {

Generation& Generation::operator=(Generation&& other) noexcept {
    if (this != &other) {
        reset();
        m_cancel = std::exchange(other.m_cancel, nullptr);
    }
    return *this;
}

void Generation::reset() {
    if (auto cancel = std::exchange(m_cancel, nullptr)) cancel();
}

}  // namespace larder
