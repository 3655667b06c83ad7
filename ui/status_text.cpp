#include "ui/status_text.h"

#include <QLocale>
#include <algorithm>
#include <array>
#include <cmath>

#include "ui/loaded_models.h"
#include "ui/model_text.h"

namespace larder::ui {

namespace {

QString fromStatus(const std::string& text) { return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size())); }

Light lightOf(const ServiceSnapshot& snapshot) {
    const EngineStatus& engine = snapshot.engine;
    switch (snapshot.server) {
        case ServerState::Failed: return Light::Warning;
        case ServerState::Stopped: return Light::Stopped;
        case ServerState::Starting:
        case ServerState::Stopping: return Light::Starting;
        case ServerState::Running: break;
    }
    if (engine.runningSequences > 0) return Light::Generating;  // others may be loaded meanwhile
    const ModelStatus* foremost = foremostModel(engine);
    if (foremost && foremost->state == ModelState::Failed) return Light::Warning;
    if (foremost && foremost->state != ModelState::Loaded) return Light::Starting;
    return engine.warning.empty() ? Light::Serving : Light::Warning;
}

double perSecond(std::uint64_t tokens, double seconds) {
    return seconds > 0 ? static_cast<double>(tokens) / seconds : 0;
}

}  // namespace

StatusText::StatusText(const ServiceSnapshot& snapshot) : m_snapshot(snapshot), m_light(lightOf(snapshot)) {}

QString StatusText::iconName() const {
    switch (m_light) {
        case Light::Stopped: return QStringLiteral(":/icons/tray-stopped.svg");
        case Light::Starting: return QStringLiteral(":/icons/tray-starting.svg");
        case Light::Serving: return QStringLiteral(":/icons/tray-serving.svg");
        case Light::Generating: return QStringLiteral(":/icons/tray-generating.svg");
        case Light::Warning: return QStringLiteral(":/icons/tray-warning.svg");
    }
    return {};
}

QString StatusText::headline() const {
    switch (m_light) {
        case Light::Stopped: return tr("Stopped");
        case Light::Starting:
            if (m_snapshot.server == ServerState::Stopping) return tr("Stopping ...");
            return m_snapshot.server == ServerState::Starting ? tr("Starting ...") : tr("Loading a model ...");
        case Light::Serving: return tr("Serving");
        case Light::Generating: return tr("Generating");
        case Light::Warning: return tr("Needs attention");
    }
    return {};
}

QString StatusText::detail() const {
    const EngineStatus& engine = m_snapshot.engine;
    const ModelStatus* foremost = foremostModel(engine);
    switch (m_snapshot.server) {
        case ServerState::Failed:
            return m_snapshot.failure.empty() ? tr("The server could not start.") : fromStatus(m_snapshot.failure);
        case ServerState::Stopped: return tr("The server is off: no program can ask it.");
        case ServerState::Stopping: return tr("The last answers are being finished.");
        case ServerState::Starting:
            if (!foremost || foremost->state != ModelState::Loading) return tr("The server is getting ready.");
            return loadingLine(*foremost);
        case ServerState::Running: break;
    }
    if (engine.runningSequences > 0) return activity();
    if (foremost) {
        switch (foremost->state) {
            case ModelState::Loading: return loadingLine(*foremost);
            case ModelState::Failed: return ModelText(*foremost).remark();
            case ModelState::Unloaded: return tr("%1 waits for memory.").arg(fromStatus(foremost->name));
            case ModelState::Loaded: break;
        }
    }
    if (!engine.warning.empty()) return fromStatus(engine.warning);
    if (foremost) return loadedModels();
    if (m_snapshot.modelsKnown && m_snapshot.models->empty()) return tr("There is no model on this computer yet.");
    return tr("Ready: the first request loads its model.");
}

QString StatusText::subject() const {
    const ModelStatus* foremost = foremostModel(m_snapshot.engine);
    if (!foremost) return {};
    const bool loaded = foremost->state == ModelState::Loaded || m_light == Light::Generating;
    return loaded && latestLoaded(m_snapshot.engine) ? loadedModels() : fromStatus(foremost->name);
}

QString StatusText::loadedModels() const {
    const std::size_t loaded = countOf(m_snapshot.engine, ModelState::Loaded);
    if (loaded > 1) return tr("%1 models loaded").arg(count(loaded));
    const ModelStatus* only = latestLoaded(m_snapshot.engine);
    return only ? fromStatus(only->name) : QString();
}

QString StatusText::loadingLine(const ModelStatus& model) const {
    return tr("Loading %1: %2").arg(fromStatus(model.name), percent(model.loadProgress));
}

// What the running requests are at: a prompt being read is a wait with an end, so it says how far it is.
QString StatusText::activity() const {
    const EngineStatus& engine = m_snapshot.engine;
    if (engine.prefillingSequences > 0 && engine.prefillTotalTokens > 0) {
        const double share = static_cast<double>(engine.prefillDoneTokens) / static_cast<double>(engine.prefillTotalTokens);
        return tr("Reading a prompt: %1 of %2 tokens (%3)")
            .arg(count(std::min(engine.prefillDoneTokens, engine.prefillTotalTokens)), count(engine.prefillTotalTokens), percent(share));
    }
    const ModelStatus* one = latestLoaded(engine);
    std::size_t busy = 0;
    for (const ModelStatus& model : engine.models) {
        if (model.runningSequences == 0) continue;
        one = &model;
        ++busy;
    }
    const QString rate = engine.decodeTokensPerSecond > 0 ? tokenRate(engine.decodeTokensPerSecond) : QString();
    if (busy > 1) return rate.isEmpty() ? tr("%1 models are answering").arg(count(busy)) : tr("%1 models write %2").arg(count(busy), rate);
    const QString model = one ? fromStatus(one->name) : QString();
    return rate.isEmpty() ? tr("%1 is answering").arg(model) : tr("%1 writes %2").arg(model, rate);
}

QString StatusText::tooltip() const {
    QStringList lines = {tr("Larder: %1").arg(headline()), detail()};
    if (m_snapshot.server == ServerState::Running) {
        lines += fromStatus(m_snapshot.address);
        lines += generatingLines(lines.at(1));
        lines += figureLines();
    }
    return lines.join(QLatin1Char('\n'));
}

// The names of what is loaded where the detail does not have them, the requests, and what is loaded beside them.
QStringList StatusText::generatingLines(const QString& detail) const {
    constexpr qsizetype kMostNames = 3;
    const EngineStatus& engine = m_snapshot.engine;
    QStringList names, loading;
    for (const ModelStatus& model : engine.models) {
        if (model.state == ModelState::Loaded) names += fromStatus(model.name);
        if (model.state == ModelState::Loading && m_light == Light::Generating) loading += loadingLine(model);
    }
    if (names.size() == 1 && (m_light != Light::Generating || detail.contains(names.first()))) names.clear();
    const qsizetype more = names.size() - kMostNames;
    QStringList lines;
    if (more > 0) lines += tr("%1 and %2 more").arg(names.mid(0, kMostNames).join(QStringLiteral(", ")), QString::number(more));
    else if (!names.isEmpty()) lines += names.join(QStringLiteral(", "));
    if (m_light == Light::Generating || engine.waitingSequences > 0) lines += requests();
    return lines + loading;
}

QStringList StatusText::figureLines() const {
    const EngineStatus& engine = m_snapshot.engine;
    QStringList lines, rates;
    if (engine.total.prefillSeconds > 0 && engine.total.computedPromptTokens > 0) rates += tr("Prefill %1").arg(prefillRate());
    if (engine.total.decodeSeconds > 0 && engine.total.generatedTokens > engine.total.firstTokens) rates += tr("decode %1").arg(decodeRate());
    if (!rates.isEmpty()) lines += rates.join(QStringLiteral(", "));
    if (engine.total.promptTokens > 0) lines += tr("%1 of the prompts came from the cache").arg(cacheEfficiency());
    return lines;
}

QString StatusText::requests() const {
    const EngineStatus& engine = m_snapshot.engine;
    const std::size_t waiting = engine.waitingSequences;
    if (engine.runningSequences == 0 && waiting == 0) return tr("No request is running or waiting.");
    const std::size_t loading = std::min(engine.modelWaitSequences, waiting);
    const std::size_t following = std::min(engine.followingSequences, waiting - loading);
    const std::size_t reading = std::min(engine.loadingSequences, waiting - loading - following);
    const bool allLoading = loading > 0 && loading == waiting;
    QString text = allLoading ? tr("%1 running, %2 waiting for a model to load") : tr("%1 running, %2 waiting");
    text = text.arg(count(engine.runningSequences), count(waiting));
    if (loading > 0 && !allLoading) text = tr("%1, %2 of them for a model to load").arg(text, count(loading));
    if (reading == 1) text = tr("%1, 1 is reading from the disk").arg(text);
    if (reading > 1) text = tr("%1, %2 are reading from the disk").arg(text, count(reading));
    if (following == 1) text = tr("%1, 1 follows another request").arg(text);
    if (following > 1) text = tr("%1, %2 follow other requests").arg(text, count(following));
    return text;
}

QString StatusText::hotTier() const {
    const HotTierStatus& tier = m_snapshot.engine.hotTier;
    if (tier.limitBytes == 0) return {};
    return tr("%1 in use, %2 kept of %3").arg(bytes(tier.leasedBytes), bytes(tier.cachedBytes), bytes(tier.limitBytes));
}

QString StatusText::coldTier() const {
    const ColdTierStatus& tier = m_snapshot.engine.coldTier;
    if (!tier.on) return {};
    const QString text = tr("%1 kept of %2").arg(bytes(tier.usedBytes), bytes(tier.limitBytes));
    return tier.pinnedBytes == 0 ? text : tr("%1, %2 of it pinned").arg(text, bytes(tier.pinnedBytes));
}

QString StatusText::tokensProcessed() const {
    return count(m_snapshot.engine.total.promptTokens + m_snapshot.engine.total.generatedTokens);
}

QString StatusText::tokensCached() const { return count(m_snapshot.engine.total.cachedTokens); }

QString StatusText::cacheEfficiency() const {
    const EngineStatus& engine = m_snapshot.engine;
    if (engine.total.promptTokens == 0) return QStringLiteral("-");
    return percent(static_cast<double>(engine.total.cachedTokens) / static_cast<double>(engine.total.promptTokens));
}

QString StatusText::prefillRate() const {
    return tokenRate(perSecond(m_snapshot.engine.total.computedPromptTokens, m_snapshot.engine.total.prefillSeconds));
}

QString StatusText::decodeRate() const {
    const EngineStatus& engine = m_snapshot.engine;  // first tokens are the prompts' work
    const std::uint64_t decoded = engine.total.generatedTokens - std::min(engine.total.generatedTokens, engine.total.firstTokens);
    return tokenRate(perSecond(decoded, engine.total.decodeSeconds));
}

QString StatusText::timeToFirstToken() const {
    const EngineStatus& engine = m_snapshot.engine;
    if (engine.total.firstTokens == 0) return QStringLiteral("-");
    const double milliseconds = engine.total.ttftMs / static_cast<double>(engine.total.firstTokens);
    if (milliseconds < 100) return tr("%1 ms").arg(QLocale().toString(std::round(milliseconds), 'f', 0));
    if (milliseconds < 59'950) return tr("%1 s").arg(QLocale().toString(milliseconds / 1000, 'f', 1));
    return duration(milliseconds / 1000);
}

QString StatusText::percent(double share) {
    // The little more is for 29 of 100, which is 28.999... in binary.
    const double whole = std::isfinite(share) ? std::clamp(share * 100 + 1e-9, 0.0, 100.0) : 0;
    return tr("%1 %").arg(QLocale().toString(static_cast<int>(whole)));
}

QString StatusText::bytes(std::uint64_t bytes) {
    double value = static_cast<double>(bytes);
    const std::array<QString, 6> units = {tr("%1 B"), tr("%1 kB"), tr("%1 MB"), tr("%1 GB"), tr("%1 TB"), tr("%1 PB")};
    std::size_t unit = 0;
    while (value >= 999.5 && unit + 1 < units.size()) {
        value /= 1000;
        ++unit;
    }
    const int digits = unit > 0 && value < 9.95 ? 1 : 0;
    return units.at(unit).arg(QLocale().toString(value, 'f', digits));
}

QString StatusText::duration(double seconds) {
    if (!std::isfinite(seconds) || seconds < 0) return QStringLiteral("-");
    if (seconds < 1) return tr("under 1 s");
    if (seconds > 365.0 * 86'400) return tr("over a year");
    const auto whole = static_cast<long long>(std::llround(seconds));
    if (whole < 60) return tr("%1 s").arg(whole);
    if (whole < 3600) return tr("%1 min %2 s").arg(whole / 60).arg(whole % 60);
    if (whole < 86'400) return tr("%1 h %2 min").arg(whole / 3600).arg(whole / 60 % 60);
    return tr("%1 d %2 h").arg(whole / 86'400).arg(whole / 3600 % 24);
}

QString StatusText::tokenRate(double tokensPerSecond) {
    if (!std::isfinite(tokensPerSecond) || tokensPerSecond <= 0) return QStringLiteral("-");
    const double shown = std::max(tokensPerSecond, 0.1);  // "0.0" would say that nothing moves
    return tr("%1 tokens/s").arg(QLocale().toString(shown, 'f', shown < 9.95 ? 1 : 0));
}

QString StatusText::ago(std::int64_t thenUnixMs, std::int64_t nowUnixMs) {
    if (thenUnixMs <= 0) return QStringLiteral("-");
    const std::int64_t minutes = std::max<std::int64_t>(0, nowUnixMs - thenUnixMs) / 60'000;
    if (minutes == 0) return tr("just now");
    if (minutes < 60) return tr("%1 min ago").arg(minutes);
    if (minutes < 48 * 60) return tr("%1 h ago").arg(minutes / 60);
    return tr("%1 days ago").arg(QLocale().toString(static_cast<qlonglong>(minutes / (24 * 60))));
}

QString StatusText::sentence(const std::string& text) {
    const QString said = fromStatus(text).trimmed();
    return said.isEmpty() || said.endsWith(QLatin1Char('.')) ? said : said + QLatin1Char('.');
}

QString StatusText::count(std::uint64_t number) { return QLocale().toString(static_cast<qulonglong>(number)); }

}  // namespace larder::ui
