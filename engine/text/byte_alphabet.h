// The alphabet in which byte-level BPE vocabularies write bytes: every byte is one printable character, a space is
// U+0120, a newline U+010A. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace larder::text {

// The character that stands for the byte, as UTF-8.
std::string alphabetCharacter(unsigned char byte);

// The bytes a vocabulary text stands for; nullopt if it has a character that is not of the alphabet.
std::optional<std::string> alphabetBytes(std::string_view vocabularyText);

}  // namespace larder::text
