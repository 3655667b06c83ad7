#include "tests/pictures/agents_pictures.h"

#include <QPushButton>
#include <QTabWidget>

namespace larder::pictures {

void takeAgents(Photographer& photographer, support::ScriptedService& service, ui::EngineModel& model, ui::MainWindow& window) {
    const ServiceSnapshot before = model.snapshot();
    QWidget* page = window.page(ui::PageId::Agents);
    const auto edit = [&](const std::function<void(ServiceSnapshot&)>& change) {
        service.editQuietly(change);
        model.refresh();
    };
    const auto takeAnew = [&](const char* name) {
        window.showPage(ui::PageId::Logs);
        window.showPage(ui::PageId::Agents);
        photographer.takeScrolled(window, *page, QString::fromLatin1(name));
    };
    edit([](ServiceSnapshot& s) { s.models = std::make_shared<const std::vector<ModelInfo>>(); });
    takeAnew("agents-no-model");
    edit([&](ServiceSnapshot& s) { s = before; });
    takeAnew("agents");
    auto* tabs = page->findChild<QTabWidget*>();
    for (int i = 1; i < tabs->count(); ++i) {
        tabs->setCurrentIndex(i);
        photographer.takeScrolled(window, *page, QStringLiteral("agents-snippet-%1").arg(i));
    }
    tabs->setCurrentIndex(0);
    auto* variables = page->findChild<QPushButton*>(QStringLiteral("showVariables"));
    variables->click();
    takeAnew("agents-variables");
    variables->click();
    service.installedAgents.clear();
    takeAnew("agents-none");
    service.installedAgents = {"claude", "codex", "opencode", "qwen"};
    takeAnew("agents-all");
    service.installedAgents = {"claude"};
    service.agentWarnings = {"/home/ada/.claude/settings.json sets ANTHROPIC_BASE_URL in its \"env\" block, and that overrides what Larder sets: take "
                             "it out while you use Larder.",
                             "The window of SmolLM2-135M-Instruct.Q4_1 has 8192 tokens. Claude Code's first request alone takes 12000 or more, and "
                             "it keeps 14024 free. It will not work. With more room there is, in tokens: Llama-3.2-3B-Instruct-Q4_0 (131072)."};
    edit([](ServiceSnapshot& s) { s.server = ServerState::Stopped; });
    takeAnew("agents-warnings");
    const QSize size = window.size();
    window.resize(640, 420);
    takeAnew("agents-narrow");
    window.resize(size);
    service.agentWarnings.clear();
    edit([&](ServiceSnapshot& s) { s = before; });
}

}  // namespace larder::pictures
