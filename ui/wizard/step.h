// One page of the wizard: a title, a sentence that leads in, and what the page asks, scrolling when the font is large.
#pragma once

#include <QLabel>
#include <QVBoxLayout>
#include <QWizardPage>

namespace larder::ui {

class Step : public QWizardPage {
    Q_OBJECT

public:
    Step(const QString& title, const QString& lead, QWidget* parent = nullptr);

    QVBoxLayout* body() { return m_body; }
    QVBoxLayout* footer() { return m_footer; }   // below what scrolls: progress, failures
    void setLead(const QString& lead) { m_lead->setText(lead); }

private:
    void restyle();
    QLabel* m_title;
    QLabel* m_lead;
    QVBoxLayout* m_body;
    QVBoxLayout* m_footer;
};

}  // namespace larder::ui
