#define PCRE2_CODE_UNIT_WIDTH 8
#include "engine/text/pretokenizer.h"

#include <pcre2.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>
#include <string>

#include "engine/base/utf8.h"

namespace larder::text {
namespace {

struct Freed {
    void operator()(pcre2_code* code) const { pcre2_code_free(code); }
    void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
    void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};

// What stands inside [...]: White_Space of Unicode, as in the engines the vocabularies were made with; PCRE2's \s has
// U+180E as well. Letters and numbers: with those that Unicode 15 and 16 added, so that the pieces are the reference's
// whatever Unicode this PCRE2 knows (Debian 12: 14).
#define BLANK "\\x09-\\x0d\\x20\\x85\\xa0\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}"
#define LETTER                                                                                                  \
    "\\p{L}\\x{1c89}-\\x{1c8a}\\x{a7cb}-\\x{a7cd}\\x{a7da}-\\x{a7dc}\\x{105c0}-\\x{105f3}\\x{10d4a}-\\x{10d65}" \
    "\\x{10d6f}-\\x{10d85}\\x{10ec2}-\\x{10ec4}\\x{1123f}-\\x{11240}\\x{11380}-\\x{11389}\\x{1138b}\\x{1138e}"  \
    "\\x{11390}-\\x{113b5}\\x{113b7}\\x{113d1}\\x{113d3}\\x{11bc0}-\\x{11be0}\\x{11f02}\\x{11f04}-\\x{11f10}"   \
    "\\x{11f12}-\\x{11f33}\\x{1342f}\\x{13441}-\\x{13446}\\x{13460}-\\x{143fa}\\x{16100}-\\x{1611d}"            \
    "\\x{16d40}-\\x{16d6c}\\x{18cff}\\x{1b132}\\x{1b155}\\x{1df25}-\\x{1df2a}\\x{1e030}-\\x{1e06d}"             \
    "\\x{1e4d0}-\\x{1e4eb}\\x{1e5d0}-\\x{1e5ed}\\x{1e5f0}\\x{2b739}\\x{2ebf0}-\\x{2ee5d}\\x{31350}-\\x{323af}"
#define NUMBER                                                                                                        \
    "\\p{N}\\x{10d40}-\\x{10d49}\\x{116d0}-\\x{116e3}\\x{11bf0}-\\x{11bf9}\\x{11f50}-\\x{11f59}\\x{16130}-\\x{16139}" \
    "\\x{16d70}-\\x{16d79}\\x{1ccf0}-\\x{1ccf9}\\x{1d2c0}-\\x{1d2d3}\\x{1e4f0}-\\x{1e4f9}\\x{1e5f1}-\\x{1e5fa}"
// Alternatives that the families share.
#define GPT2_WORDS "'(?:[stmd]|re|ve|ll)| ?[" LETTER "]+"
#define LLAMA_WORDS "'(?i:[stmd]|re|ve|ll)|[^\\r\\n" LETTER NUMBER "]?[" LETTER "]+"
#define SYMBOLS " ?[^" BLANK LETTER NUMBER "]+"
#define BLANKS "[" BLANK "]+(?![^" BLANK "])|[" BLANK "]+"
#define LLAMA_LINES SYMBOLS "[\\r\\n]*|[" BLANK "]*[\\r\\n]+|" BLANKS

struct Family {
    const char* name;
    const char* pattern;  // every text can be split by it: each character begins some alternative
    bool ignoresMerges;
};

constexpr Family kFamilies[] = {
    {"gpt2", GPT2_WORDS "| ?[" NUMBER "]+|" SYMBOLS "|" BLANKS, false},
    // Digits are cut out first, one by one; then gpt2's expression runs over what is between them, where a digit is
    // the end of the text. Hence no blank before a number, and the look-ahead that treats digits like blanks.
    {"smollm", GPT2_WORDS "|[" NUMBER "]|" SYMBOLS "|[" BLANK "]+(?![^" BLANK NUMBER "])|[" BLANK "]+", false},
    {"llama-bpe", LLAMA_WORDS "|[" NUMBER "]{1,3}|" LLAMA_LINES, true},
    {"smaug-bpe", LLAMA_WORDS "|[" NUMBER "]{1,3}|" LLAMA_LINES, false},
    {"qwen2", LLAMA_WORDS "|[" NUMBER "]|" LLAMA_LINES, false},
};

#undef BLANK
#undef LETTER
#undef NUMBER
#undef GPT2_WORDS
#undef LLAMA_WORDS
#undef SYMBOLS
#undef BLANKS
#undef LLAMA_LINES

// Names that files carry for one of the families, split and merged exactly alike.
struct Alias {
    std::string_view name;
    std::string_view family;
};
constexpr Alias kAliases[] = {
    {"gpt-2", "gpt2"},         {"phi-2", "gpt2"},
    {"olmo", "gpt2"},          {"exaone4", "gpt2"},
    {"starcoder", "smollm"},   {"refact", "smollm"},
    {"codeshell", "smollm"},   {"llama3", "llama-bpe"},
    {"llama-v3", "llama-bpe"}, {"falcon3", "llama-bpe"},
    {"lfm2", "llama-bpe"},     {"dbrx", "smaug-bpe"},
    {"stablelm2", "qwen2"},    {"deepseek-r1-qwen", "qwen2"},
    {"megrez", "qwen2"},
};

const Family* familyOf(std::string_view name) {
    for (const Alias& alias : kAliases) {
        if (alias.name == name) name = alias.family;
    }
    const auto* family = std::ranges::find(kFamilies, name, [](const Family& f) { return std::string_view(f.name); });
    return family == std::end(kFamilies) ? nullptr : family;
}

std::string supportedNames() {
    std::string names;
    for (const Family& family : kFamilies) names += (names.empty() ? "" : ", ") + std::string(family.name);
    for (const Alias& alias : kAliases) names += ", " + std::string(alias.name);
    return names;
}

}  // namespace

struct Pretokenizer::Inner {
    const Family* family = nullptr;
    std::unique_ptr<pcre2_code, Freed> code;
    std::unique_ptr<pcre2_match_context, Freed> limits;
    bool compiled = false;  // to machine code

    std::size_t pieceEnd(std::string_view text, std::size_t first, pcre2_match_data* match) const;
    void splitUtf8(std::string_view text, pcre2_match_data* match, std::vector<std::string_view>& pieces) const;
};

Pretokenizer::Pretokenizer() : m_inner(std::make_unique<Inner>()) {}
Pretokenizer::~Pretokenizer() = default;

Expected<std::unique_ptr<Pretokenizer>> Pretokenizer::create(std::string_view name) {
    const Family* family = familyOf(name);
    if (family == nullptr) {
        return Error{ErrorCode::Unsupported, "pretokenizer '" + base::repairUtf8(name.substr(0, 60)) +
                                                 "' is not supported; supported are " + supportedNames()};
    }
    std::unique_ptr<Pretokenizer> pretokenizer(new Pretokenizer);
    Inner& inner = *pretokenizer->m_inner;
    inner.family = family;
    int error = 0;
    PCRE2_SIZE errorAt = 0;
    // Anchored: there is a match at every place, nothing to search for.
    inner.code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(family->pattern), PCRE2_ZERO_TERMINATED,
                                   PCRE2_UTF | PCRE2_UCP | PCRE2_ANCHORED, &error, &errorAt, nullptr));
    inner.limits.reset(pcre2_match_context_create(nullptr));
    if (inner.code == nullptr || inner.limits == nullptr) {
        return Error{ErrorCode::Internal, "pretokenizer '" + std::string(family->name) +
                                              "' does not compile with this PCRE2 (error " + std::to_string(error) +
                                              " at " + std::to_string(errorAt) + ")"};
    }
    // The patterns never backtrack more than once over a run of blanks, so no limit is needed to keep them linear.
    pcre2_set_match_limit(inner.limits.get(), UINT32_MAX);
    pcre2_set_depth_limit(inner.limits.get(), UINT32_MAX);
    pcre2_set_heap_limit(inner.limits.get(), UINT32_MAX);
    // Systems that forbid writable code refuse; then the interpreter runs, slower with the same pieces.
    inner.compiled = pcre2_jit_compile(inner.code.get(), PCRE2_JIT_COMPLETE) == 0;
    return pretokenizer;
}

// The end of the piece that begins at first. REQUIRES: text is UTF-8, first < text.size().
std::size_t Pretokenizer::Inner::pieceEnd(std::string_view text, std::size_t first, pcre2_match_data* match) const {
    const auto* subject = reinterpret_cast<PCRE2_SPTR>(text.data());
    int found = PCRE2_ERROR_JIT_STACKLIMIT;
    if (compiled) found = pcre2_jit_match(code.get(), subject, text.size(), first, 0, match, limits.get());
    if (found == PCRE2_ERROR_JIT_STACKLIMIT) {  // the interpreter keeps its state on the heap
        found = pcre2_match(code.get(), subject, text.size(), first, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT, match,
                            limits.get());
    }
    const std::size_t end = found > 0 ? pcre2_get_ovector_pointer(match)[1] : first;
    // Out of memory is the only way not to match: go on with one character, so that no text is lost.
    return end > first ? end : first + base::decodeUtf8(text, first).bytes;
}

void Pretokenizer::Inner::splitUtf8(std::string_view text, pcre2_match_data* match,
                                    std::vector<std::string_view>& pieces) const {
    for (std::size_t first = 0; first < text.size();) {
        const std::size_t end = pieceEnd(text, first, match);
        pieces.push_back(text.substr(first, end - first));
        first = end;
    }
}

std::vector<std::string_view> Pretokenizer::split(std::string_view text) const {
    std::vector<std::string_view> pieces;
    pieces.reserve(text.size() / 4 + 1);
    const std::unique_ptr<pcre2_match_data, Freed> match(pcre2_match_data_create(1, nullptr));
    std::size_t first = 0;
    for (std::size_t at = 0; at < text.size();) {
        const base::CodePoint point = base::decodeUtf8(text, at);
        if (!point.valid) {
            m_inner->splitUtf8(text.substr(first, at - first), match.get(), pieces);
            pieces.push_back(text.substr(at, 1));
            first = at + 1;
        }
        at += point.bytes;
    }
    m_inner->splitUtf8(text.substr(first), match.get(), pieces);
    return pieces;
}

std::string_view Pretokenizer::name() const {
    return m_inner->family->name;
}

bool Pretokenizer::ignoresMerges() const {
    return m_inner->family->ignoresMerges;
}

}  // namespace larder::text
