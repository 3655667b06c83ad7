#include "ui/agent_text.h"

#include <QCoreApplication>

namespace larder::ui {

// The texts are marked where they are written (engine/agents/sentence.h), and the translations hold them in one context.
QString agentText(const AgentText& text) {
    AgentText translated = text;
    for (AgentSentence& sentence : translated) sentence.text = QCoreApplication::translate("AgentText", sentence.text.c_str()).toStdString();
    return QString::fromStdString(plainText(translated));
}

}  // namespace larder::ui
