#include "ui/pages/snippets_card.h"

#include <QApplication>
#include <QClipboard>
#include <QFontDatabase>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QTabBar>
#include <QTabWidget>

#include "ui/look.h"
#include "ui/pages/text_label.h"

namespace larder::ui {

SnippetsCard::SnippetsCard(QWidget* parent) : Card(tr("Other programs"), parent), m_tabs(new QTabWidget), m_copy(new QPushButton(tr("Copy"))) {
    setObjectName(QStringLiteral("snippets"));
    m_copy->setObjectName(QStringLiteral("copySnippet"));
    header()->addWidget(m_copy);
    auto* note = new TextLabel(TextLabel::Style::Muted);
    note->setSentence(tr("Whatever speaks the interface of OpenAI or of Anthropic can use Larder."));
    body()->addWidget(note);
    m_tabs->setDocumentMode(true);
    m_tabs->tabBar()->setAccessibleName(tr("Examples"));
    m_tabs->tabBar()->setExpanding(false);
    m_tabs->tabBar()->setDrawBase(false);
    body()->addWidget(m_tabs);
    connect(m_tabs, &QTabWidget::currentChanged, this, [this] {
        nameCopy();
        fitHeight();
    });
    connect(m_copy, &QPushButton::clicked, this, [this] {
        if (const auto* edit = qobject_cast<QPlainTextEdit*>(m_tabs->currentWidget())) QApplication::clipboard()->setText(edit->toPlainText());
    });
}

QPlainTextEdit* SnippetsCard::editAt(int number, const QString& title) {
    if (number < m_tabs->count()) return static_cast<QPlainTextEdit*>(m_tabs->widget(number));
    auto* edit = new QPlainTextEdit;
    edit->setReadOnly(true);
    edit->setLineWrapMode(QPlainTextEdit::NoWrap);
    edit->setTabChangesFocus(true);
    edit->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    edit->setAccessibleName(tr("Example for %1").arg(title));
    m_tabs->addTab(edit, title);
    return edit;
}

void SnippetsCard::show(const AgentServer& server, const std::string& model) {
    const std::vector<Snippet> snippets = agentSnippets(server, model);
    for (std::size_t i = 0; i < snippets.size(); ++i) {
        QPlainTextEdit* edit = editAt(static_cast<int>(i), QString::fromStdString(snippets[i].title));
        // What is being marked to copy stays marked.
        if (const QString text = QString::fromStdString(snippets[i].text).trimmed(); text != edit->toPlainText()) edit->setPlainText(text);
    }
    fitHeight();
    nameCopy();
}

void SnippetsCard::nameCopy() {
    const QString name = tr("Copy the example for %1").arg(m_tabs->tabText(m_tabs->currentIndex()));
    m_copy->setAccessibleName(name);
    m_copy->setToolTip(name);
}

// Every line of the one that is shown is seen: a page that scrolls holds no part that scrolls downwards.
void SnippetsCard::fitHeight() {
    const auto* edit = qobject_cast<QPlainTextEdit*>(m_tabs->currentWidget());
    if (edit == nullptr) return;
    const int lines = edit->fontMetrics().lineSpacing() * edit->document()->blockCount() + edit->horizontalScrollBar()->sizeHint().height();
    m_tabs->setFixedHeight(lines + m_tabs->tabBar()->sizeHint().height() + Look::instance().space(6));
}

}  // namespace larder::ui
