#include "engine/text/vocabulary.h"

#include <cassert>
#include <limits>
#include <utility>

#include "engine/base/utf8.h"
#include "engine/text/byte_alphabet.h"

namespace larder::text {
namespace {

constexpr std::string_view kTokensKey = "tokenizer.ggml.tokens";
constexpr std::string_view kTypesKey = "tokenizer.ggml.token_type";

Error corruptVocabulary(const formats::GgufFile& file, const std::string& what) {
    return {ErrorCode::Corrupt, file.name() + ": " + what};
}

// The byte of a token written "<0x0A>".
std::optional<unsigned char> hexByte(std::string_view text) {
    if (text.size() != 6 || !text.starts_with("<0x") || text[5] != '>') return std::nullopt;
    unsigned value = 0;
    for (const char digit : text.substr(3, 2)) {
        value *= 16;
        if (digit >= '0' && digit <= '9')
            value += static_cast<unsigned>(digit - '0');
        else if (digit >= 'A' && digit <= 'F')
            value += static_cast<unsigned>(digit - 'A') + 10;
        else if (digit >= 'a' && digit <= 'f')
            value += static_cast<unsigned>(digit - 'a') + 10;
        else
            return std::nullopt;
    }
    return static_cast<unsigned char>(value);
}

std::string bytesOf(std::string_view text, TokenKind kind) {
    switch (kind) {
        case TokenKind::Unknown:
        case TokenKind::Control:
        case TokenKind::Unused:
            return {};
        case TokenKind::UserDefined:
            return std::string(text);  // written as it is, not in the byte alphabet
        case TokenKind::Byte:
            if (const auto byte = hexByte(text)) return std::string(1, static_cast<char>(*byte));
            break;
        case TokenKind::Normal:
            break;
    }
    // Added tokens of some files are marked normal: a text that is not of the alphabet stands for itself.
    return alphabetBytes(text).value_or(std::string(text));
}

Expected<std::vector<TokenKind>> readKinds(const formats::GgufFile& file, std::size_t tokens) {
    if (!file.has(kTypesKey)) return std::vector<TokenKind>(tokens, TokenKind::Normal);
    const auto numbers = file.integerArray(kTypesKey);
    if (!numbers) return corruptVocabulary(file, std::string(kTypesKey) + " is not a list of integers");
    if (numbers->size() != tokens) {
        return corruptVocabulary(file, std::string(kTypesKey) + " has " + std::to_string(numbers->size()) +
                                           " entries for " + std::to_string(tokens) + " tokens");
    }
    std::vector<TokenKind> kinds;
    kinds.reserve(tokens);
    for (const std::int64_t number : *numbers) {
        if (number < 0 || number > 6) {
            return corruptVocabulary(file, std::string(kTypesKey) + " of token " + std::to_string(kinds.size()) +
                                               " is " + std::to_string(number) + ", expected 1 to 6");
        }
        kinds.push_back(number == 0 ? TokenKind::Normal : static_cast<TokenKind>(number));  // 0: undefined
    }
    return kinds;
}

}  // namespace

void Vocabulary::Strings::append(std::string_view string) {
    characters.insert(characters.end(), string.begin(), string.end());
    ends.push_back(characters.size());
}

std::string_view Vocabulary::view(const Strings& strings, TokenId token) {
    const auto i = static_cast<std::size_t>(token);
    assert(token >= 0 && i < strings.ends.size());
    const std::size_t first = i == 0 ? 0 : strings.ends[i - 1];
    return {strings.characters.data() + first, strings.ends[i] - first};
}

Expected<Vocabulary> Vocabulary::read(const formats::GgufFile& file) {
    if (!file.has(kTokensKey)) {
        return corruptVocabulary(file, "has no " + std::string(kTokensKey) + ", so it has no vocabulary");
    }
    const auto texts = file.stringArray(kTokensKey);
    if (!texts) return corruptVocabulary(file, std::string(kTokensKey) + " is not a list of strings");
    if (texts->empty()) return corruptVocabulary(file, std::string(kTokensKey) + " is empty");
    if (texts->size() > static_cast<std::size_t>(std::numeric_limits<TokenId>::max())) {
        return corruptVocabulary(file, std::string(kTokensKey) + " has " + std::to_string(texts->size()) + " tokens");
    }
    auto kinds = readKinds(file, texts->size());
    if (!kinds) return kinds.error();

    Vocabulary vocabulary(texts->size());
    vocabulary.m_kinds = std::move(*kinds);
    for (std::size_t i = 0; i < texts->size(); ++i) {
        vocabulary.m_texts.append((*texts)[i]);
        vocabulary.m_bytes.append(bytesOf((*texts)[i], vocabulary.m_kinds[i]));
    }
    // Only now do the characters keep their place.
    for (std::size_t i = 0; i < texts->size(); ++i) {
        const auto token = static_cast<TokenId>(i);
        const std::string_view text = vocabulary.text(token);
        if (vocabulary.m_index.insert(text, token)) continue;
        return corruptVocabulary(file, std::string(kTokensKey) + ": tokens " + std::to_string(*vocabulary.find(text)) +
                                           " and " + std::to_string(i) + " are both '" +
                                           base::repairUtf8(text.substr(0, 60)) + "'");
    }
    return vocabulary;
}

std::optional<TokenId> Vocabulary::byteToken(unsigned char byte) const {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    const std::string hex = {'<', '0', 'x', kDigits[byte >> 4], kDigits[byte & 15], '>'};
    if (const auto token = find(alphabetCharacter(byte)); token && bytes(*token).size() == 1) return token;
    if (const auto token = find(hex); token && kind(*token) == TokenKind::Byte) return token;
    return std::nullopt;
}

}  // namespace larder::text
