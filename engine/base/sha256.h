// SHA-256 of bytes that arrive piece by piece. One thread at a time per object.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace larder::base {

class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;

    void update(std::span<const std::byte> bytes);
    void update(std::string_view bytes) { update(std::as_bytes(std::span(bytes.data(), bytes.size()))); }

    // Lower-case hex of everything so far. Once: the object is used up.
    std::string finish();

private:
    struct Inner;
    std::unique_ptr<Inner> m_inner;
};

}  // namespace larder::base
