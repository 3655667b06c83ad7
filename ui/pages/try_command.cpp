#include "ui/pages/try_command.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include "ui/loaded_models.h"

namespace larder::ui {

namespace {

QString shellQuoted(QString text) {
    return QLatin1Char('\'') + text.replace(QLatin1Char('\''), QStringLiteral("'\\''")) + QLatin1Char('\'');
}

}  // namespace

std::string modelToTry(const ServiceSnapshot& snapshot) {
    if (const ModelStatus* loaded = latestLoaded(snapshot.engine)) return loaded->name;
    std::string first;
    for (const ModelInfo& model : *snapshot.models) {
        if (!model.problem.empty()) continue;
        if (model.name == snapshot.settings.defaultModel || model.path == snapshot.settings.defaultModel) return model.name;
        if (first.empty()) first = model.name;
    }
    return first;
}

QString tryCommand(const ServiceSnapshot& snapshot, const QString& key) {
    const QJsonObject message{{QStringLiteral("role"), QStringLiteral("user")},
                              {QStringLiteral("content"), QStringLiteral("Hello!")}};
    const QJsonObject body{{QStringLiteral("model"), QString::fromStdString(modelToTry(snapshot))},
                           {QStringLiteral("messages"), QJsonArray{message}}};
    const QString url = QString::fromStdString(snapshot.address) + QStringLiteral("/v1/chat/completions");
    QString command = QStringLiteral("curl ") + shellQuoted(url);
    if (!key.isEmpty()) command += QStringLiteral(" -H ") + shellQuoted(QStringLiteral("Authorization: Bearer ") + key);
    command += QStringLiteral(" -H 'Content-Type: application/json' -d ");
    return command + shellQuoted(QString::fromUtf8(QJsonDocument(body).toJson(QJsonDocument::Compact)));
}

}  // namespace larder::ui
