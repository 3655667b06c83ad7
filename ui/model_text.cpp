#include "ui/model_text.h"

#include <QStringList>

#include "ui/status_text.h"

namespace larder::ui {

QString ModelText::word() const {
    switch (m_model.state) {
        case ModelState::Loaded: return tr("loaded");
        case ModelState::Loading: return tr("loading %1").arg(StatusText::percent(m_model.loadProgress));
        case ModelState::Unloaded: return tr("waiting for memory");
        case ModelState::Failed: return tr("failed to load");
    }
    return {};
}

Tone ModelText::tone() const {
    switch (m_model.state) {
        case ModelState::Loaded: return Tone::Good;
        case ModelState::Loading: return Tone::Busy;
        case ModelState::Unloaded: return Tone::Warning;
        case ModelState::Failed: return Tone::Bad;
    }
    return Tone::Neutral;
}

QString ModelText::remark() const {
    if (m_model.state == ModelState::Unloaded) return tr("It is loaded as soon as other models leave it enough memory.");
    if (m_model.state != ModelState::Failed) return {};
    const QString name = QString::fromStdString(m_model.name);
    return m_model.failure.empty() ? tr("%1 could not be loaded.").arg(name) : QString::fromStdString(m_model.failure);
}

QString ModelText::activity() const {
    QStringList parts;
    if (m_model.runningSequences > 0) parts += tr("%1 running").arg(StatusText::count(m_model.runningSequences));
    if (m_model.waitingSequences > 0) parts += tr("%1 waiting").arg(StatusText::count(m_model.waitingSequences));
    return parts.join(QStringLiteral(", "));
}

QString ModelText::memory() const {
    QStringList parts;
    if (m_model.weightBytes > 0) parts += tr("%1 of weights").arg(StatusText::bytes(m_model.weightBytes));
    if (m_model.kvBytes > 0) parts += tr("%1 in the prompt cache").arg(StatusText::bytes(m_model.kvBytes));
    return parts.join(QStringLiteral(", "));
}

}  // namespace larder::ui
