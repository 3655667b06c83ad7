// Why the chosen request had to compute what it computed: the sentence, its numbers, and the differing text beside what it was
// compared with. GUI thread only.
#pragma once

#include <QString>

#include "engine/requests.h"
#include "ui/widgets/card.h"

class QPlainTextEdit;

namespace larder::ui {

class TextLabel;

class RequestDetails : public Card {
    Q_OBJECT

public:
    explicit RequestDetails(QWidget* parent = nullptr);
    void show(const RequestStatus* request);   // null: hides

private:
    QPlainTextEdit* addText(QBoxLayout* row, const QString& name);
    void fillTexts();

    TextLabel* m_title;
    TextLabel* m_why;
    TextLabel* m_numbers;
    TextLabel* m_failure;
    QWidget* m_texts;
    QPlainTextEdit* m_known = nullptr;
    QPlainTextEdit* m_asked = nullptr;
    QString m_sharedText, m_knownText, m_askedText;
};

}  // namespace larder::ui
