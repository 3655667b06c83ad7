#include "engine/base/secret.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace larder::base {
namespace {

void fillRandom(void* out, std::size_t bytes) {
    auto* next = static_cast<unsigned char*>(out);
    while (bytes > 0) {
        const ssize_t got = ::getrandom(next, bytes, 0);
        if (got < 0) {
            if (errno == EINTR) continue;
            std::perror("larder: no random numbers from the system");
            std::abort();
        }
        next += got;
        bytes -= static_cast<std::size_t>(got);
    }
}

}  // namespace

std::string randomHex(std::size_t bytes) {
    std::vector<unsigned char> raw(bytes);
    fillRandom(raw.data(), raw.size());
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string hex;
    hex.reserve(2 * bytes);
    for (const unsigned char byte : raw) {
        hex += kDigits[byte >> 4];
        hex += kDigits[byte & 15];
    }
    return hex;
}

std::uint64_t randomBits() {
    std::uint64_t bits = 0;
    fillRandom(&bits, sizeof bits);
    return bits;
}

bool equalInConstantTime(std::string_view a, std::string_view b) {
    unsigned different = a.size() == b.size() ? 0 : 1;
    for (std::size_t i = 0; i < a.size(); ++i)
        different |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(i < b.size() ? b[i] : 0);
    return different == 0;
}

}  // namespace larder::base
