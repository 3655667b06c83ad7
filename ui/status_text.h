// What the state of everything is called, once for tray, tooltip and pages. Pure functions of a snapshot; translated.
#pragma once

#include <QCoreApplication>
#include <QString>
#include <QStringList>

#include "engine/service.h"

namespace larder::ui {

enum class Light { Stopped, Starting, Serving, Generating, Warning };

class StatusText {
    Q_DECLARE_TR_FUNCTIONS(StatusText)

public:
    explicit StatusText(const ServiceSnapshot& snapshot);  // kept by reference: use it at once

    Light light() const { return m_light; }
    QString iconName() const;    // ":/icons/tray-serving.svg"
    QString headline() const;    // "Serving", "Generating", "Stopped", "Starting ...", "Needs attention"
    QString detail() const;      // one line: what is loaded, the load's progress, or the failure's sentence
    QString subject() const;     // what the headline is about: a model's name, "2 models loaded", or nothing
    QString tooltip() const;     // headline, address, models, live figures; several lines, plain text

    // The requests under way and those that wait, with what for: "2 running, 3 waiting, 1 of them for a model to load".
    QString requests() const;
    QString hotTier() const;     // "1.2 GB in use, 3.4 GB kept of 5.6 GB"; empty while there is none
    QString coldTier() const;    // "12 GB kept of 20 GB, 1.2 GB of it pinned"; empty while there is none

    // Serving stats of this run, for the tray menu and Overview.
    QString tokensProcessed() const;    // prompt + generated
    QString tokensCached() const;
    QString cacheEfficiency() const;    // "64 %", "-" before the first prompt
    QString prefillRate() const;        // "943 tokens/s", "-"
    QString decodeRate() const;
    QString timeToFirstToken() const;   // mean: "0.4 s", "-"

    static QString percent(double share);              // "64 %", rounded down: 100 % is said only when nothing is left
    static QString bytes(std::uint64_t bytes);         // "4.1 GB" in the user's number format
    static QString duration(double seconds);           // "2 min 5 s"
    static QString tokenRate(double tokensPerSecond);  // "943 tokens/s"
    static QString count(std::uint64_t number);        // "1,234,567" in the user's number format
    static QString ago(std::int64_t thenUnixMs, std::int64_t nowUnixMs);  // "5 min ago", "just now"; "-" for 0
    static QString sentence(const std::string& text);  // of the engine, with its full stop: another one can follow

private:
    QString loadedModels() const;
    QString activity() const;
    QString loadingLine(const ModelStatus& model) const;
    QStringList generatingLines(const QString& detail) const;
    QStringList figureLines() const;
    const ServiceSnapshot& m_snapshot;
    Light m_light;
};

}  // namespace larder::ui
