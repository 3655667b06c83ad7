#include "ui/ask.h"

#include <QCheckBox>
#include <QFileDialog>
#include <QMessageBox>
#include <QPushButton>
#include <deque>
#include <utility>

namespace larder::ui {

namespace {

struct AnswersInAdvance {
    std::deque<std::pair<bool, bool>> confirmations;   // the answer, the box
    std::deque<QString> folders;
};

AnswersInAdvance& answersInAdvance() {
    static AnswersInAdvance answers;
    return answers;
}

template <class T>
std::optional<T> takeFirst(std::deque<T>& queue) {
    if (queue.empty()) return std::nullopt;
    T first = std::move(queue.front());
    queue.pop_front();
    return first;
}

}  // namespace

bool Ask::confirm(QWidget* parent, const Question& question, bool* ticked) {
    if (const auto answer = takeFirst(answersInAdvance().confirmations)) {
        if (ticked) *ticked = answer->second && !question.option.isEmpty();
        return answer->first;
    }
    QMessageBox box(parent);
    box.setIcon(question.dangerous ? QMessageBox::Warning : QMessageBox::Question);
    box.setWindowTitle(question.title);
    box.setTextFormat(Qt::PlainText);
    box.setText(question.text);
    QPushButton* yes = box.addButton(question.yes, QMessageBox::AcceptRole);
    QPushButton* no = box.addButton(question.no, QMessageBox::RejectRole);
    yes->setProperty(question.dangerous ? "danger" : "primary", true);
    box.setDefaultButton(question.dangerous ? no : yes);
    box.setEscapeButton(no);
    if (!question.option.isEmpty()) box.setCheckBox(new QCheckBox(question.option));
    box.exec();
    if (ticked) *ticked = box.checkBox() && box.checkBox()->isChecked();
    return box.clickedButton() == yes;
}

std::optional<QString> Ask::folder(QWidget* parent, const QString& title, const QString& start) {
    if (auto answer = takeFirst(answersInAdvance().folders)) return answer;
    const QString chosen = QFileDialog::getExistingDirectory(parent, title, start);
    return chosen.isEmpty() ? std::nullopt : std::optional(chosen);
}

void Ask::answerNext(bool answer, bool ticked) { answersInAdvance().confirmations.emplace_back(answer, ticked); }
void Ask::answerNextFolder(const QString& path) { answersInAdvance().folders.push_back(path); }

}  // namespace larder::ui
