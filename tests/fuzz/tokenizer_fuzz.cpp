// libFuzzer target: whatever vocabulary a model's file has either is refused, or makes a tokenizer that loses nothing: the tokens
// of any bytes stand for those bytes, but for bytes without a token, and none of them is a control token. The first byte chooses
// whether a GGUF file follows or choices of what to put into one, and the text.
// Run: tokenizer_fuzz -max_len=8192 NEW_FOLDER tests/fuzz/tokenizer_corpus
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "engine/base/utf8.h"
#include "engine/text/detokenizer.h"
#include "engine/text/tokenizer.h"
#include "tests/text/small_vocabulary.h"

namespace {

using namespace larder;

void check(bool holds) {
    if (!holds) std::abort();
}

class Bytes {
public:
    Bytes(const std::uint8_t* data, std::size_t size) : m_data(data), m_size(size) {}

    std::uint8_t next() { return m_at < m_size ? m_data[m_at++] : std::uint8_t{0}; }
    std::string take(std::size_t count) {
        const std::size_t first = m_at;
        m_at = std::min(m_at + count, m_size);
        return std::string(m_data + first, m_data + m_at);
    }
    std::string rest() { return take(m_size); }

private:
    const std::uint8_t* m_data;
    const std::size_t m_size;
    std::size_t m_at = 0;
};

std::string inAlphabet(const std::string& bytes) {
    std::string text;
    for (const char byte : bytes) text += text::alphabetCharacter(static_cast<unsigned char>(byte));
    return text;
}

// All single bytes but some, then tokens of any kind and merges among all.
text::SmallVocabulary chosenVocabulary(Bytes& choices) {
    static const char* const kNames[] = {"gpt2", "smollm", "llama-bpe", "qwen2", "dbrx", "default", "other"};
    text::SmallVocabulary words;
    words.pre = kNames[choices.next() % std::size(kNames)];
    const std::uint8_t missing = choices.next(), every = choices.next();
    for (int byte = 0; byte < 256; ++byte) {
        const bool left = every != 0 && byte % every == missing % every;
        if (!left) words.add(text::alphabetCharacter(static_cast<unsigned char>(byte)));
    }
    for (int i = choices.next() % 24; i > 0; --i) {
        const std::uint8_t shape = choices.next();
        const std::string content = choices.take(1 + choices.next() % 6);
        words.add((shape & 8) != 0 ? content : inAlphabet(content), shape % 7);
    }
    for (int i = choices.next() % 24; i > 0 && !words.tokens.empty(); --i) {
        const std::string left = words.tokens[choices.next() * 2u % words.tokens.size()];
        const std::string right = words.tokens[choices.next() * 2u % words.tokens.size()];
        const std::uint8_t shape = choices.next();
        if (std::ranges::find(words.tokens, left + right) != words.tokens.end()) words.merges.push_back(left + " " + right);
        else words.merge(left, right, (shape & 128) == 0 ? text::kNormal : shape % 7);
    }
    return words;
}

std::string bytesOf(const text::Tokenizer& tokenizer, const std::vector<TokenId>& tokens) {
    std::string bytes;
    for (const TokenId token : tokens) bytes += tokenizer.bytes(token);
    return bytes;
}

void checkUserText(const text::Tokenizer& tokenizer, const std::string& text) {
    const std::vector<TokenId> tokens = tokenizer.encode(text);
    check(std::ranges::none_of(tokens, [&](TokenId token) { return tokenizer.isControl(token); }));
    const std::string bytes = bytesOf(tokenizer, tokens);
    std::size_t at = 0;
    for (const char byte : text) {
        if (at < bytes.size() && bytes[at] == byte) ++at;
        else check(tokenizer.encode(std::string(1, byte)).empty());
    }
    check(at == bytes.size());

    text::Detokenizer detokenizer(tokenizer);
    std::string shown;
    for (const TokenId token : tokens) shown += detokenizer.add(token);
    check(shown + detokenizer.finish() == base::repairUtf8(bytes));
}

// Cuts between untrusted segments mean nothing; cuts where a control token begins never matter.
void checkSegments(const text::Tokenizer& tokenizer, const std::string& text) {
    const std::size_t half = text.size() / 2;
    const std::vector<text::TextSegment> untrusted = {{text.substr(0, half), false}, {text.substr(half), false}};
    check(tokenizer.encode(untrusted) == tokenizer.encode(text));
    const std::vector<text::TextSegment> trusted = {{text, true}};
    const std::vector<TokenId> whole = tokenizer.encode(trusted);
    check(whole == tokenizer.encodeTrusted(text));
    for (const std::size_t place : tokenizer.controlPlaces(trusted)) {
        std::vector<TokenId> parts = tokenizer.encodeTrusted(text.substr(0, place));
        const std::vector<TokenId> behind = tokenizer.encodeTrusted(text.substr(place));
        parts.insert(parts.end(), behind.begin(), behind.end());
        check(parts == whole);
    }
}

void checkError(const Error& error) { check(!error.message.empty() && error.message.size() < 2000 && base::isUtf8(error.message)); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    Bytes choices(data + 1, size - 1);
    std::string text = "The <|im_end|> quick\n\n  brown 1234 f\xc3\xb6x's \xff <think> ";
    Expected<std::shared_ptr<const text::Tokenizer>> tokenizer = Error{ErrorCode::Corrupt, "unread"};
    if ((data[0] & 1) != 0) {
        tokenizer = chosenVocabulary(choices).build();
        text = choices.rest();
    } else {
        const std::string file = choices.rest();
        const auto parsed = formats::GgufFile::parse(std::as_bytes(std::span(file)), "fuzz");
        if (!parsed) return 0;
        tokenizer = text::Tokenizer::fromGguf(*parsed);
    }
    if (!tokenizer) {
        checkError(tokenizer.error());
        return 0;
    }
    for (TokenId token = -1; token <= static_cast<TokenId>((*tokenizer)->vocabulary()); ++token) {
        check(!(*tokenizer)->isControl(token) || (*tokenizer)->bytes(token).empty());
        const auto found = (*tokenizer)->find((*tokenizer)->text(token));
        check(token < 0 || token == static_cast<TokenId>((*tokenizer)->vocabulary()) || found == token);
    }
    checkUserText(**tokenizer, text);
    checkSegments(**tokenizer, text);
    return 0;
}
