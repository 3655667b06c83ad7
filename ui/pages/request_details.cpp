#include "ui/pages/request_details.h"

#include <QFontDatabase>
#include <QHBoxLayout>
#include <QPlainTextEdit>
#include <QStringList>
#include <QTextCursor>
#include <QVBoxLayout>
#include <utility>

#include "ui/pages/text_label.h"
#include "ui/request_text.h"
#include "ui/status_text.h"

namespace larder::ui {
namespace {

constexpr int kLinesSeen = 9;

// What they share in grey, and what differs after it.
void fill(QPlainTextEdit& edit, const QString& shared, const QString& differing) {
    const Look& look = Look::instance();
    QTextCharFormat grey, plain;
    grey.setForeground(look.color(Look::Role::MutedText));
    plain.setForeground(look.color(Look::Role::Text));
    plain.setBackground(look.background(Tone::Busy));
    edit.clear();
    QTextCursor cursor(edit.document());
    cursor.insertText(shared, grey);
    cursor.insertText(differing, plain);
    edit.setTextCursor(cursor);
    cursor.movePosition(QTextCursor::Start);
    edit.setTextCursor(cursor);
}

QString numbersOf(const RequestStatus& request) {
    const RequestText words(request);
    QStringList parts;
    if (request.promptTokens > 0) parts += RequestDetails::tr("%1 tokens: %2").arg(StatusText::count(request.promptTokens), words.parts());
    if (request.prepareMs >= 1) parts += RequestDetails::tr("read in %1 ms").arg(StatusText::count(static_cast<std::uint64_t>(request.prepareMs)));
    if (request.timings.queueMs >= 1000) parts += RequestDetails::tr("waited %1").arg(StatusText::duration(request.timings.queueMs / 1000));
    if (request.timings.prefillMs >= 1) parts += RequestDetails::tr("computed in %1").arg(StatusText::duration(request.timings.prefillMs / 1000));
    if (request.answerTokens > 0 && request.timings.decodeMs > 0)
        parts += RequestDetails::tr("answered at %1")
                     .arg(StatusText::tokenRate(static_cast<double>(request.answerTokens) * 1000 / request.timings.decodeMs));
    return parts.join(QStringLiteral(" · "));
}

}  // namespace

RequestDetails::RequestDetails(QWidget* parent)
    : Card(QString(), parent),
      m_title(new TextLabel(TextLabel::Style::Heading)),
      m_why(new TextLabel(TextLabel::Style::Body)),
      m_numbers(new TextLabel(TextLabel::Style::Small)),
      m_failure(new TextLabel(TextLabel::Style::Body)),
      m_texts(new QWidget) {
    setObjectName(QStringLiteral("requestDetails"));
    setAccessibleName(tr("Details of the chosen request"));
    m_why->setObjectName(QStringLiteral("requestWhy"));
    m_numbers->setObjectName(QStringLiteral("requestNumbers"));
    m_failure->setObjectName(QStringLiteral("requestFailure"));
    m_failure->setTone(Tone::Bad);
    body()->addWidget(m_title);
    body()->addWidget(m_failure);
    body()->addWidget(m_why);
    body()->addWidget(m_numbers);
    auto* row = new QHBoxLayout(m_texts);
    row->setContentsMargins(0, Look::instance().space(2), 0, 0);
    row->setSpacing(Look::instance().space(4));
    m_known = addText(row, tr("There stood"));
    m_asked = addText(row, tr("Here stands"));
    m_known->setObjectName(QStringLiteral("knownText"));
    m_asked->setObjectName(QStringLiteral("askedText"));
    body()->addWidget(m_texts);
    connect(&Look::instance(), &Look::changed, this, &RequestDetails::fillTexts);
    hide();
}

QPlainTextEdit* RequestDetails::addText(QBoxLayout* row, const QString& name) {
    auto* edit = new QPlainTextEdit;
    edit->setReadOnly(true);
    edit->setTabChangesFocus(true);
    edit->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    edit->setAccessibleName(name);
    edit->setFixedHeight(edit->fontMetrics().lineSpacing() * kLinesSeen + Look::instance().space(4));
    auto* column = new QVBoxLayout;
    column->setSpacing(Look::instance().space(1));
    column->addWidget(new TextLabel(TextLabel::Style::Small, name));
    column->addWidget(edit);
    row->addLayout(column, 1);
    return edit;
}

void RequestDetails::show(const RequestStatus* request) {
    setVisible(request != nullptr);
    if (!request) return;
    const RequestText words(*request);
    m_title->setElided(words.title());
    m_failure->setSentence(StatusText::sentence(request->failure));
    m_failure->setVisible(!request->failure.empty());
    m_why->setSentence(words.why());
    const QString numbers = numbersOf(*request);
    m_numbers->setSentence(numbers);
    m_numbers->setVisible(!numbers.isEmpty());
    m_texts->setVisible(request->cause == MissCause::Differs);
    const auto take = [](QString& kept, const std::string& text) {
        return std::exchange(kept, QString::fromStdString(text)) != kept;
    };
    // Another text begins at its beginning; the same one stays where it was scrolled to, and keeps its selection.
    bool other = take(m_sharedText, request->sharedText);
    other |= take(m_knownText, request->knownText);
    other |= take(m_askedText, request->askedText);
    if (other) fillTexts();
}

void RequestDetails::fillTexts() {
    fill(*m_known, m_sharedText, m_knownText);
    fill(*m_asked, m_sharedText, m_askedText);
}

}  // namespace larder::ui
