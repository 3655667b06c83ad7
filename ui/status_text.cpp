#include "ui/status_text.h"

#include <QLocale>
#include <QStringList>
#include <algorithm>
#include <array>
#include <cmath>

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
    if (engine.modelState == ModelState::Failed) return Light::Warning;
    if (engine.modelState == ModelState::Loading) return Light::Starting;
    if (engine.runningSequences > 0) return Light::Generating;
    return engine.warning.empty() ? Light::Serving : Light::Warning;
}

QString percentOf(double share) {
    // Rounded down: 100 % is said only when nothing is left. The little more is for 29 of 100, which is 28.999... in binary.
    const double percent = std::isfinite(share) ? std::clamp(share * 100 + 1e-9, 0.0, 100.0) : 0;
    return StatusText::tr("%1 %").arg(QLocale().toString(static_cast<int>(percent)));
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
    const QString model = fromStatus(engine.model);
    switch (m_snapshot.server) {
        case ServerState::Failed:
            return m_snapshot.failure.empty() ? tr("The server could not start.") : fromStatus(m_snapshot.failure);
        case ServerState::Stopped: return tr("The server is off: no program can ask it.");
        case ServerState::Stopping: return tr("The last answers are being finished.");
        case ServerState::Starting:
            if (engine.modelState != ModelState::Loading) return tr("The server is getting ready.");
            break;
        case ServerState::Running: break;
    }
    switch (engine.modelState) {
        case ModelState::Failed:
            return engine.failure.empty() ? tr("%1 could not be loaded.").arg(model) : fromStatus(engine.failure);
        case ModelState::Loading: return tr("Loading %1: %2").arg(model, percentOf(engine.loadProgress));
        case ModelState::Unloaded:
        case ModelState::Loaded: break;
    }
    if (engine.runningSequences > 0) return activity(model);
    if (!engine.warning.empty()) return fromStatus(engine.warning);
    if (engine.modelState == ModelState::Loaded) return model;
    if (m_snapshot.modelsKnown && m_snapshot.models->empty()) return tr("There is no model on this computer yet.");
    return tr("Ready: the first request loads its model.");
}

// What the running requests are at: a prompt being read is a wait with an end, so it says how far it is.
QString StatusText::activity(const QString& model) const {
    const EngineStatus& engine = m_snapshot.engine;
    if (engine.prefillingSequences > 0 && engine.prefillTotalTokens > 0) {
        const double share = static_cast<double>(engine.prefillDoneTokens) / static_cast<double>(engine.prefillTotalTokens);
        return tr("Reading a prompt: %1 of %2 tokens (%3)")
            .arg(count(std::min(engine.prefillDoneTokens, engine.prefillTotalTokens)), count(engine.prefillTotalTokens), percentOf(share));
    }
    if (engine.decodeTokensPerSecond > 0) return tr("%1 writes %2").arg(model, tokenRate(engine.decodeTokensPerSecond));
    return tr("%1 is answering").arg(model);
}

QString StatusText::tooltip() const {
    const EngineStatus& engine = m_snapshot.engine;
    QStringList lines = {tr("Larder: %1").arg(headline()), detail()};
    if (m_snapshot.server == ServerState::Running) {
        lines += fromStatus(m_snapshot.address);
        if (m_light == Light::Generating) {
            if (!engine.model.empty() && !lines.at(1).contains(fromStatus(engine.model))) lines += fromStatus(engine.model);
            lines += tr("%1 running, %2 waiting").arg(count(engine.runningSequences), count(engine.waitingSequences));
        }
        QStringList rates;
        if (engine.prefillSeconds > 0 && engine.computedPromptTokens > 0) rates += tr("Prefill %1").arg(prefillRate());
        if (engine.decodeSeconds > 0 && engine.generatedTokens > engine.firstTokens) rates += tr("decode %1").arg(decodeRate());
        if (!rates.isEmpty()) lines += rates.join(QStringLiteral(", "));
        if (engine.promptTokens > 0) lines += tr("%1 of the prompts came from the cache").arg(cacheEfficiency());
    }
    return lines.join(QLatin1Char('\n'));
}

QString StatusText::tokensProcessed() const {
    return count(m_snapshot.engine.promptTokens + m_snapshot.engine.generatedTokens);
}

QString StatusText::tokensCached() const { return count(m_snapshot.engine.cachedTokens); }

QString StatusText::cacheEfficiency() const {
    const EngineStatus& engine = m_snapshot.engine;
    if (engine.promptTokens == 0) return QStringLiteral("-");
    return percentOf(static_cast<double>(engine.cachedTokens) / static_cast<double>(engine.promptTokens));
}

QString StatusText::prefillRate() const {
    return tokenRate(perSecond(m_snapshot.engine.computedPromptTokens, m_snapshot.engine.prefillSeconds));
}

QString StatusText::decodeRate() const {
    const EngineStatus& engine = m_snapshot.engine;  // first tokens are the prompts' work
    const std::uint64_t decoded = engine.generatedTokens - std::min(engine.generatedTokens, engine.firstTokens);
    return tokenRate(perSecond(decoded, engine.decodeSeconds));
}

QString StatusText::timeToFirstToken() const {
    const EngineStatus& engine = m_snapshot.engine;
    if (engine.firstTokens == 0) return QStringLiteral("-");
    const double milliseconds = engine.totalTtftMs / static_cast<double>(engine.firstTokens);
    if (milliseconds < 100) return tr("%1 ms").arg(QLocale().toString(std::round(milliseconds), 'f', 0));
    if (milliseconds < 59'950) return tr("%1 s").arg(QLocale().toString(milliseconds / 1000, 'f', 1));
    return duration(milliseconds / 1000);
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

QString StatusText::count(std::uint64_t number) { return QLocale().toString(static_cast<qulonglong>(number)); }

}  // namespace larder::ui
