#include "engine/text/model_text.h"

#include <utility>

#include "engine/formats/gguf.h"

namespace larder::text {

Expected<std::shared_ptr<const ModelText>> loadModelText(const std::filesystem::path& path) {
    auto file = formats::GgufFile::open(path);
    if (!file) return std::move(file).error();
    auto tokenizer = Tokenizer::fromGguf(*file);
    if (!tokenizer) return std::move(tokenizer).error();
    auto out = std::make_shared<ModelText>();
    out->tokenizer = std::move(*tokenizer);
    // Named variants (tokenizer.chat_template.tool_use and the like) are left alone: the default one serves tools too
    // in the models that have both, or says that it does not.
    const auto source = file->stringValue("tokenizer.chat_template");
    if (!source || source->empty()) {
        out->chatTemplateProblem = "this model has no chat template (it is a base model); use /v1/completions";
    } else {
        auto compiled = ChatTemplate::compile(*source);
        if (compiled) out->chatTemplate = std::move(*compiled);
        else out->chatTemplateProblem = "this model's chat template cannot be used: " + compiled.error().message;
    }
    out->outputFormat = findOutputFormat(source.value_or(""), *out->tokenizer);
    return std::shared_ptr<const ModelText>(std::move(out));
}

}  // namespace larder::text
