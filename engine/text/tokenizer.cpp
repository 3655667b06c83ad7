#include "engine/text/tokenizer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/log.h"
#include "engine/base/utf8.h"
#include "engine/text/bpe.h"
#include "engine/text/pretokenizer.h"
#include "engine/text/special_tokens.h"
#include "engine/text/token_index.h"
#include "engine/text/vocabulary.h"

namespace larder::text {
namespace {

constexpr std::size_t kMaxSpecialBytes = 1024;  // longer ones would make matching slow, and no vocabulary has them

// Control tokens that end an answer in the families known today, for files that name only one of theirs.
constexpr std::string_view kEndTexts[] = {"<|im_end|>",
                                          "<|eot_id|>",
                                          "<|eom_id|>",
                                          "<|end|>",
                                          "<|endoftext|>",
                                          "<|end_of_text|>",
                                          "<|eot|>",
                                          "<|eom|>",
                                          "<|return|>",
                                          "<end_of_turn>",
                                          "<|end_of_turn|>",
                                          "<|END_OF_TURN_TOKEN|>",
                                          "<end_of_utterance>",
                                          "</s>",
                                          "<eos>",
                                          "<|eos|>",
                                          "[EOS]",
                                          "<EOT>",
                                          "_<EOT>",
                                          "<|EOT|>",
                                          "[EOT]",
                                          "<｜end▁of▁sentence｜>"};

std::string shownText(std::string_view text) {
    return "'" + base::repairUtf8(text.substr(0, 60)) + "'";
}

Error badKey(const formats::GgufFile& file, std::string_view key, const std::string& what) {
    return {ErrorCode::Corrupt, file.name() + ": " + std::string(key) + " " + what};
}

Expected<void> checkModel(const formats::GgufFile& file) {
    constexpr std::string_view kKey = "tokenizer.ggml.model";
    const auto model = file.stringValue(kKey);
    if (!model) return badKey(file, kKey, file.has(kKey) ? "is not a string" : "is missing: the file has no tokenizer");
    if (*model == "gpt2") return {};
    return Error{ErrorCode::Unsupported, file.name() + ": tokenizer model " + shownText(*model) +
                                             " is not supported; supported is gpt2 (byte-level BPE)"};
}

Expected<std::unique_ptr<Pretokenizer>> readPretokenizer(const formats::GgufFile& file) {
    constexpr std::string_view kKey = "tokenizer.ggml.pre";
    const auto name = file.stringValue(kKey);
    if (!name && file.has(kKey)) return badKey(file, kKey, "is not a string");
    if (!name || *name == "default") {
        base::logWarning(file.name() + ": does not name its pretokenizer (" + std::string(kKey) +
                         "); gpt2 is assumed, which may split text differently than the model learned it");
        return Pretokenizer::create("gpt2");
    }
    auto pretokenizer = Pretokenizer::create(*name);
    if (!pretokenizer) return Error{pretokenizer.error().code, file.name() + ": " + pretokenizer.error().message};
    return pretokenizer;
}

// The merges of the file, in order. One whose result is a control token is left out: user text must not reach it. So is one
// whose result stands for other bytes than its parts (an unused token, one of a byte in hexadecimal): text would be lost.
Expected<std::vector<BytePairEncoder::Merge>> readMerges(const formats::GgufFile& file, const Vocabulary& vocabulary) {
    constexpr std::string_view kKey = "tokenizer.ggml.merges";
    if (!file.has(kKey)) return badKey(file, kKey, "is missing: byte-level BPE cannot encode without it");
    const auto lines = file.stringArray(kKey);
    if (!lines) return badKey(file, kKey, "is not a list of strings");
    if (lines->size() > 0x7fffffff) return badKey(file, kKey, "has " + std::to_string(lines->size()) + " entries");
    std::vector<BytePairEncoder::Merge> merges;
    merges.reserve(lines->size());
    for (std::size_t i = 0; i < lines->size(); ++i) {
        const std::string_view line = (*lines)[i];
        const auto entry = [&] { return "entry " + std::to_string(i) + ", " + shownText(line) + ","; };
        const std::size_t blank = line.find(' ');
        if (blank == std::string_view::npos || blank == 0 || blank + 1 == line.size() ||
            line.find(' ', blank + 1) != std::string_view::npos) {
            return badKey(file, kKey, entry() + " is not two tokens with a space between");
        }
        const std::string_view left = line.substr(0, blank);
        const std::string_view right = line.substr(blank + 1);
        const std::string both = std::string(left) + std::string(right);
        for (const std::string_view text : {left, right, std::string_view(both)}) {
            if (vocabulary.find(text)) continue;
            return badKey(file, kKey, entry() + " needs the token " + shownText(text) + ", which the vocabulary lacks");
        }
        const BytePairEncoder::Merge merge{*vocabulary.find(left), *vocabulary.find(right), *vocabulary.find(both)};
        const std::string bytes = std::string(vocabulary.bytes(merge.left)) + std::string(vocabulary.bytes(merge.right));
        if (!vocabulary.isControl(merge.merged) && vocabulary.bytes(merge.merged) == bytes) merges.push_back(merge);
    }
    return merges;
}

// -1 for bytes without a token. Many vocabularies lack some that their training text never had.
Expected<std::array<TokenId, 256>> readByteTokens(const formats::GgufFile& file, const Vocabulary& vocabulary) {
    std::array<TokenId, 256> tokens{};
    std::size_t found = 0;
    for (std::size_t byte = 0; byte < tokens.size(); ++byte) {
        tokens[byte] = vocabulary.byteToken(static_cast<unsigned char>(byte)).value_or(-1);
        found += tokens[byte] >= 0;
    }
    if (found > 0) return tokens;
    return badKey(file, "tokenizer.ggml.tokens", "has no token for any single byte, so it is not byte-level BPE");
}

Expected<SpecialTokens> readSpecialTokens(const formats::GgufFile& file, const Vocabulary& vocabulary) {
    std::vector<TokenMatcher::Entry> control;
    std::vector<TokenMatcher::Entry> userDefined;
    for (std::size_t i = 0; i < vocabulary.size(); ++i) {
        const auto token = static_cast<TokenId>(i);
        const bool isUserDefined = vocabulary.kind(token) == TokenKind::UserDefined;
        const std::string_view text = vocabulary.text(token);
        if ((!isUserDefined && !vocabulary.isControl(token)) || text.empty()) continue;
        if (text.size() > kMaxSpecialBytes) {
            return badKey(file, "tokenizer.ggml.tokens",
                          "has the special token " + shownText(text) + " of " + std::to_string(text.size()) +
                              " bytes; at most " + std::to_string(kMaxSpecialBytes) + " are supported");
        }
        (isUserDefined ? userDefined : control).push_back({text, token});
    }
    return SpecialTokens(std::move(control), std::move(userDefined));
}

Expected<std::optional<TokenId>> readTokenId(const formats::GgufFile& file, std::string_view key,
                                             std::size_t vocabulary) {
    if (!file.has(key)) return std::optional<TokenId>();
    const auto id = file.unsignedValue(key);
    if (!id) return badKey(file, key, "is not a token number");
    if (*id < vocabulary) return std::optional<TokenId>(static_cast<TokenId>(*id));
    return badKey(file, key, "is " + std::to_string(*id) + ", but there are " + std::to_string(vocabulary) + " tokens");
}

// Which pieces are one token. They skip BPE: where merges count only those that BPE would make of the same bytes.
TokenIndex indexWholePieces(const Vocabulary& vocabulary, const BytePairEncoder& encoder, bool ignoresMerges) {
    TokenIndex index(vocabulary.size());
    std::vector<TokenId> merged;
    for (std::size_t i = 0; i < vocabulary.size(); ++i) {
        const auto token = static_cast<TokenId>(i);
        const std::string_view bytes = vocabulary.bytes(token);
        if (bytes.empty() || vocabulary.kind(token) != TokenKind::Normal) continue;
        merged.clear();
        if (!ignoresMerges) encoder.encode(bytes, merged);
        if (ignoresMerges || (merged.size() == 1 && merged[0] == token)) index.insert(bytes, token);
    }
    return index;
}

// What encoding depends on, one behind the other; numbers in little-endian bytes, so that every machine finds the same.
base::Hash128 digestOf(const Vocabulary& vocabulary, std::span<const BytePairEncoder::Merge> merges,
                       const Pretokenizer& pretokenizer) {
    std::string all;
    const auto number = [&](std::uint64_t value, int bytes) {
        for (int i = 0; i < bytes; ++i) all += static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
    };
    number(vocabulary.size(), 8);
    for (std::size_t i = 0; i < vocabulary.size(); ++i) {
        const std::string_view text = vocabulary.text(static_cast<TokenId>(i));
        number(static_cast<std::uint64_t>(vocabulary.kind(static_cast<TokenId>(i))), 1);
        number(text.size(), 4);
        all += text;
    }
    number(merges.size(), 8);
    for (const BytePairEncoder::Merge& merge : merges) {
        for (const TokenId token : {merge.left, merge.right}) number(static_cast<std::uint32_t>(token), 4);
    }
    all += pretokenizer.name();
    return base::hash128(std::as_bytes(std::span(all)));
}

// The segments' texts as one, and where trusted text lies in it; neighbouring trusted segments are one range.
struct JoinedText {
    std::string text;
    std::vector<TextRange> trusted;
};

JoinedText join(std::span<const TextSegment> segments) {
    JoinedText joined;
    for (const TextSegment& segment : segments) {
        const TextRange range{joined.text.size(), joined.text.size() + segment.text.size()};
        joined.text += segment.text;
        if (!segment.trusted || segment.text.empty()) continue;
        if (!joined.trusted.empty() && joined.trusted.back().last == range.first)
            joined.trusted.back().last = range.last;
        else
            joined.trusted.push_back(range);
    }
    return joined;
}

}  // namespace

struct Tokenizer::Inner {
    Inner(Vocabulary words, std::unique_ptr<Pretokenizer> splitter, BytePairEncoder merger, SpecialTokens specialTokens)
        : vocabulary(std::move(words)),
          pretokenizer(std::move(splitter)),
          encoder(std::move(merger)),
          specials(std::move(specialTokens)),
          wholePieces(indexWholePieces(vocabulary, encoder, pretokenizer->ignoresMerges())) {}

    Expected<void> readIds(const formats::GgufFile& file);
    void addEndToken(std::optional<TokenId> token);
    void encodePlain(std::string_view text, std::vector<TokenId>& out) const;
    std::vector<TokenId> encode(std::string_view text, std::span<const TextRange> trusted) const;

    Vocabulary vocabulary;
    std::unique_ptr<Pretokenizer> pretokenizer;
    BytePairEncoder encoder;
    SpecialTokens specials;  // views into vocabulary
    TokenIndex wholePieces;  // views into vocabulary
    std::optional<TokenId> bos;
    std::optional<TokenId> eos;
    bool addsBos = false;
    std::vector<TokenId> endTokens;
    base::Hash128 digest;
};

void Tokenizer::Inner::addEndToken(std::optional<TokenId> token) {
    if (token && std::ranges::find(endTokens, *token) == endTokens.end()) endTokens.push_back(*token);
}

Expected<void> Tokenizer::Inner::readIds(const formats::GgufFile& file) {
    const auto bosId = readTokenId(file, "tokenizer.ggml.bos_token_id", vocabulary.size());
    if (!bosId) return bosId.error();
    bos = *bosId;
    for (const std::string_view key :
         {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"}) {
        const auto id = readTokenId(file, key, vocabulary.size());
        if (!id) return id.error();
        if (key == "tokenizer.ggml.eos_token_id") eos = *id;
        addEndToken(*id);
    }
    for (const std::string_view text : kEndTexts) {
        const auto token = vocabulary.find(text);
        if (token && vocabulary.isControl(*token)) addEndToken(token);
    }
    // Files of the llama 3 family that do not say it mean it: their models were trained with it.
    constexpr std::string_view kAddBosKey = "tokenizer.ggml.add_bos_token";
    const auto adds = file.boolValue(kAddBosKey);
    if (!adds && file.has(kAddBosKey)) return badKey(file, kAddBosKey, "is not a bool");
    addsBos = bos.has_value() && adds.value_or(pretokenizer->ignoresMerges());
    return {};
}

void Tokenizer::Inner::encodePlain(std::string_view text, std::vector<TokenId>& out) const {
    if (text.empty()) return;
    for (const std::string_view piece : pretokenizer->split(text)) {
        if (const auto token = wholePieces.find(piece))
            out.push_back(*token);
        else
            encoder.encode(piece, out);
    }
}

std::vector<TokenId> Tokenizer::Inner::encode(std::string_view text, std::span<const TextRange> trusted) const {
    std::vector<TokenId> out;
    out.reserve(text.size() / 4 + 1);
    std::size_t first = 0;
    for (const SpecialSpot& spot : specials.find(text, trusted)) {
        encodePlain(text.substr(first, spot.range.first - first), out);
        out.push_back(spot.token);
        first = spot.range.last;
    }
    encodePlain(text.substr(first), out);
    return out;
}

Tokenizer::Tokenizer() = default;
Tokenizer::~Tokenizer() = default;

Expected<std::shared_ptr<const Tokenizer>> Tokenizer::fromGguf(const formats::GgufFile& file) {
    if (auto model = checkModel(file); !model) return model.error();
    auto pretokenizer = readPretokenizer(file);
    if (!pretokenizer) return pretokenizer.error();
    auto vocabulary = Vocabulary::read(file);
    if (!vocabulary) return vocabulary.error();
    const auto byteTokens = readByteTokens(file, *vocabulary);
    if (!byteTokens) return byteTokens.error();
    const auto merges = readMerges(file, *vocabulary);
    if (!merges) return merges.error();
    auto specials = readSpecialTokens(file, *vocabulary);
    if (!specials) return specials.error();

    const base::Hash128 digest = digestOf(*vocabulary, *merges, **pretokenizer);
    std::shared_ptr<Tokenizer> tokenizer(new Tokenizer);
    tokenizer->m_inner = std::make_unique<Inner>(std::move(*vocabulary), std::move(*pretokenizer),
                                                 BytePairEncoder(*byteTokens, *merges), std::move(*specials));
    tokenizer->m_inner->digest = digest;
    if (auto ids = tokenizer->m_inner->readIds(file); !ids) return ids.error();
    return std::shared_ptr<const Tokenizer>(std::move(tokenizer));
}

std::vector<TokenId> Tokenizer::encode(std::span<const TextSegment> segments) const {
    const JoinedText joined = join(segments);
    return m_inner->encode(joined.text, joined.trusted);
}

std::vector<TokenId> Tokenizer::encode(std::string_view userText) const {
    return m_inner->encode(userText, {});
}

std::vector<TokenId> Tokenizer::encodeTrusted(std::string_view text) const {
    const TextRange all{0, text.size()};
    return m_inner->encode(text, {&all, 1});
}

std::vector<std::size_t> Tokenizer::controlPlaces(std::span<const TextSegment> segments) const {
    const JoinedText joined = join(segments);
    std::vector<std::size_t> places;
    for (const SpecialSpot& spot : m_inner->specials.findControl(joined.text, joined.trusted))
        places.push_back(spot.range.first);
    return places;
}

std::string_view Tokenizer::bytes(TokenId token) const {
    return contains(token) ? m_inner->vocabulary.bytes(token) : "";
}
std::string_view Tokenizer::text(TokenId token) const {
    return contains(token) ? m_inner->vocabulary.text(token) : "";
}
bool Tokenizer::isControl(TokenId token) const {
    return contains(token) && m_inner->vocabulary.isControl(token);
}

std::optional<TokenId> Tokenizer::find(std::string_view vocabularyText) const {
    return m_inner->vocabulary.find(vocabularyText);
}

std::size_t Tokenizer::vocabulary() const {
    return m_inner->vocabulary.size();
}
base::Hash128 Tokenizer::digest() const {
    return m_inner->digest;
}
bool Tokenizer::addsBos() const {
    return m_inner->addsBos;
}
std::optional<TokenId> Tokenizer::bos() const {
    return m_inner->bos;
}
std::optional<TokenId> Tokenizer::eos() const {
    return m_inner->eos;
}
std::span<const TokenId> Tokenizer::endTokens() const {
    return m_inner->endTokens;
}

bool Tokenizer::contains(TokenId token) const {
    return token >= 0 && static_cast<std::size_t>(token) < m_inner->vocabulary.size();
}

}  // namespace larder::text
