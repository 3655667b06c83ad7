// Questions to the user in dialogs of their own: yes or no, a folder. Tests give the next answer instead of a dialog, so that
// windows can be driven without blocking. GUI thread only.
#pragma once

#include <QString>
#include <QWidget>
#include <optional>

namespace larder::ui {

struct Question {
    QString title;
    QString text;            // what will happen, in one or two sentences
    QString yes;             // a verb: "Delete"
    QString no;              // "Cancel"
    bool dangerous = false;  // the default button is no
    QString option = {};     // a check box under the text; see Ask::confirm
};

class Ask {
public:
    // ticked: gets whether the box of question.option was ticked; it is not at first.
    static bool confirm(QWidget* parent, const Question& question, bool* ticked = nullptr);
    static std::optional<QString> folder(QWidget* parent, const QString& title, const QString& start);

    // For tests: the next confirm() or folder() answers this without a dialog. Used up in order.
    static void answerNext(bool answer, bool ticked = false);
    static void answerNextFolder(const QString& path);
};

}  // namespace larder::ui
