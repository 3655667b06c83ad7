#include "engine/text/byte_alphabet.h"

#include <array>
#include <cstddef>

#include "engine/base/utf8.h"

namespace larder::text {
namespace {

// Bytes that are printable in Latin-1 stand for themselves; the other 68 are U+0100 and on, in increasing order.
constexpr bool standsForItself(unsigned byte) {
    return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

constexpr std::size_t kAlphabetEnd = 0x100 + 68;

struct Alphabet {
    std::array<char16_t, 256> characters{};
    std::array<short, kAlphabetEnd> bytes{};  // -1: not of the alphabet
};

constexpr Alphabet makeAlphabet() {
    Alphabet alphabet;
    alphabet.bytes.fill(-1);
    unsigned next = 0x100;
    for (unsigned byte = 0; byte < 256; ++byte) {
        const unsigned character = standsForItself(byte) ? byte : next++;
        alphabet.characters[byte] = static_cast<char16_t>(character);
        alphabet.bytes[character] = static_cast<short>(byte);
    }
    return alphabet;
}

constexpr Alphabet kAlphabet = makeAlphabet();

}  // namespace

std::string alphabetCharacter(unsigned char byte) {
    std::string text;
    base::appendUtf8(text, kAlphabet.characters[byte]);
    return text;
}

std::optional<std::string> alphabetBytes(std::string_view vocabularyText) {
    std::string bytes;
    bytes.reserve(vocabularyText.size());
    for (std::size_t at = 0; at < vocabularyText.size();) {
        const base::CodePoint point = base::decodeUtf8(vocabularyText, at);
        if (!point.valid || point.value >= kAlphabetEnd || kAlphabet.bytes[point.value] < 0) return std::nullopt;
        bytes += static_cast<char>(static_cast<unsigned char>(kAlphabet.bytes[point.value]));
        at += point.bytes;
    }
    return bytes;
}

}  // namespace larder::text
