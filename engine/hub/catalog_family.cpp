// A model's name for people: engine/hub/catalog.h.
#include <cctype>

#include "engine/base/utf8.h"
#include "engine/hub/catalog.h"

namespace larder::catalog {
namespace {

bool isSeparator(char c) { return c == '-' || c == '_' || c == ' '; }

// "Llama-3.2_3B" -> "Llama 3.2 3B".
std::string spaced(const std::string& text) {
    std::string words;
    for (const char c : text) {
        if (!isSeparator(c)) words += c;
        else if (!words.empty() && words.back() != ' ') words += ' ';
    }
    while (!words.empty() && (words.back() == ' ' || words.back() == '.')) words.pop_back();
    return words;
}

// Letters and digits only, in lower case: what two spellings of a name have in common.
std::string essence(const std::string& text) {
    std::string letters;
    for (const char c : text)
        if (std::isalnum(static_cast<unsigned char>(c)) != 0) letters += c;
    return inLowerCase(letters);
}

bool contains(const std::string& text, const std::string& part) { return essence(text).find(essence(part)) != std::string::npos; }

// "Q4_K_M", "IQ2_XXS", "F16", "bf16", "fp32", "MXFP4", and what quantisers put around it: "UD", "i1", "imat".
bool isQuantisationWord(const std::string& word) {
    const std::string text = inLowerCase(word);
    for (const char* whole : {"f16", "f32", "bf16", "fp16", "fp32", "fp8", "ud", "i1", "imat", "imatrix", "gguf"})
        if (text == whole) return true;
    const auto digitAt = [&](std::size_t at) { return at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0; };
    return (text.starts_with("q") && digitAt(1)) || (text.starts_with("iq") && digitAt(2)) || (text.starts_with("tq") && digitAt(2)) ||
           text.starts_with("mxfp") || text.starts_with("nvfp");
}

// "SmolLM2-135M-Instruct.Q4_1" -> "SmolLM2-135M-Instruct"; "model-Q4_K_M" -> "model": a quantisation's own "_K_M" goes with
// it, since '_' does not end a word here.
std::string withoutQuantisation(std::string stem) {
    if (const auto split = readSplitName(stem)) stem = split->prefix;
    for (;;) {
        const std::size_t at = stem.find_last_of("-. ");
        if (at == std::string::npos || at == 0) return stem;
        std::string word = stem.substr(at + 1);
        // "fable_q4_0" has no other separator at its end.
        if (!isQuantisationWord(word)) {
            const std::size_t underscore = inLowerCase(word).rfind("_q");
            if (underscore == std::string::npos || !isQuantisationWord(word.substr(underscore + 1))) return stem;
            return stem.substr(0, at + 1 + underscore);
        }
        stem.resize(at);
    }
}

// "instruct" -> "Instruct".
std::string capitalised(std::string text) {
    if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
    return text;
}

}  // namespace

std::string printableName(const std::string& name) {
    std::string text = base::repairUtf8(name);
    for (char& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '_';
    return text;
}

std::string familyForPeople(const FamilyHints& hints) {
    if (hints.baseName.empty()) return spaced(hints.name);
    // Whoever named the file knew how the model is spelled; the metadata is often in lower case or has a training run's name.
    const std::string title = withoutQuantisation(hints.stem);
    if (contains(title, hints.baseName) && contains(title, hints.sizeLabel)) return spaced(title);
    std::string family = spaced(hints.baseName);
    if (!contains(family, hints.sizeLabel)) family += " " + spaced(hints.sizeLabel);
    if (!hints.fineTune.empty() && !contains(family, hints.fineTune)) family += " " + capitalised(spaced(hints.fineTune));
    return family;
}

}  // namespace larder::catalog
