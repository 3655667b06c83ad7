#include "engine/base/sha256.h"

#include <openssl/evp.h>

#include <cstdlib>

namespace larder::base {
namespace {

struct DigestContextDeleter {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// These fail only when there is no memory for a few bytes, or in a build of OpenSSL without SHA-256.
void requireDigest(bool ok) {
    if (!ok) std::abort();
}

}  // namespace

struct Sha256::Inner {
    std::unique_ptr<EVP_MD_CTX, DigestContextDeleter> context{EVP_MD_CTX_new()};
};

Sha256::Sha256() : m_inner(std::make_unique<Inner>()) {
    requireDigest(m_inner->context && EVP_DigestInit_ex(m_inner->context.get(), EVP_sha256(), nullptr) == 1);
}

Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::span<const std::byte> bytes) {
    requireDigest(EVP_DigestUpdate(m_inner->context.get(), bytes.data(), bytes.size()) == 1);
}

std::string Sha256::finish() {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    requireDigest(EVP_DigestFinal_ex(m_inner->context.get(), digest, &size) == 1);
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string hex;
    for (unsigned int i = 0; i < size; ++i) {
        hex += kDigits[digest[i] >> 4];
        hex += kDigits[digest[i] & 15];
    }
    return hex;
}

}  // namespace larder::base
