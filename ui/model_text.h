// What one model of the engine is called to be at, once for every page that lists models. Pure functions of its status;
// translated.
#pragma once

#include <QCoreApplication>
#include <QString>

#include "engine/status.h"
#include "ui/look.h"

namespace larder::ui {

class ModelText {
    Q_DECLARE_TR_FUNCTIONS(ModelText)

public:
    explicit ModelText(const ModelStatus& model) : m_model(model) {}  // kept by reference: use it at once

    QString word() const;      // "loaded", "loading 43 %", "waiting for memory", "failed to load"
    Tone tone() const;
    QString remark() const;    // the sentence of a failure, or what it waits for; else empty
    QString activity() const;  // "2 running, 1 waiting"; empty when nothing is
    QString memory() const;    // "1.9 GB of weights, 420 MB in the prompt cache"; empty when nothing is held

private:
    const ModelStatus& m_model;
};

}  // namespace larder::ui
