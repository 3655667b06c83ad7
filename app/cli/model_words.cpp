#include "app/cli/model_words.h"

#include <QDateTime>

namespace larder::app {
namespace {

QJsonValue knownOrNull(std::uint64_t number) { return number > 0 ? QJsonValue(static_cast<qint64>(number)) : QJsonValue(); }

}  // namespace

const char* fitWord(Fit verdict) {
    switch (verdict) {
        case Fit::Good: return "good";
        case Fit::Tight: return "tight";
        case Fit::TooBig: return "too big";
        case Fit::Unknown: break;
    }
    return "unknown";
}

const char* sourceWords(ModelSource source) {
    return source == ModelSource::HuggingFaceCache ? "Hugging Face cache" : "model folder";
}

QJsonObject modelJson(const ModelInfo& model, const Machine& machine) {
    const auto text = [](const std::string& value) { return QString::fromStdString(value); };
    const ModelFit fit = estimateFit(model, machine);
    const QDateTime modified = QDateTime::fromSecsSinceEpoch(model.modifiedSeconds, Qt::UTC);
    return {{"name", text(model.name)},
            {"path", text(model.path.string())},
            {"source", sourceWords(model.source)},
            {"repository", text(model.repository)},
            {"size_bytes", static_cast<qint64>(model.fileBytes)},
            {"architecture", text(model.architecture)},
            {"family", text(model.family)},
            {"quantisation", text(model.quantisation)},
            {"parameters", knownOrNull(model.parameters)},
            {"context_tokens", static_cast<qint64>(model.contextTokens)},
            {"kv_bytes_per_token", knownOrNull(model.kvBytesPerToken)},
            {"modified", modified.toString(Qt::ISODate)},
            {"fit", fitWord(fit.verdict)},
            {"fit_sentence", text(fit.sentence)},
            {"needed_bytes", knownOrNull(fit.neededBytes)},
            {"machine_bytes", knownOrNull(fit.machineBytes)},
            {"problem", text(model.problem)}};
}

}  // namespace larder::app
