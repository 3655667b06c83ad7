// The API key: hidden until shown, copied with one click, and made anew (which asks first once a key is in use).
#pragma once

#include <QLineEdit>
#include <QPushButton>
#include <QTimer>
#include <QWidget>

#include "ui/engine_model.h"
#include "ui/widgets/note_label.h"

namespace larder::ui {

class KeyField : public QWidget {
    Q_OBJECT

public:
    explicit KeyField(EngineModel& model, QWidget* parent = nullptr);

    QString key() const { return m_key; }
    void renew();                            // without asking; renewed() or a sentence below follows
    void setPlaceholder(const QString& why); // what stands there while there is no key

signals:
    void renewed();                          // the old key works until the server starts anew

private:
    void showKey(const QString& key);
    void askAndRenew();
    void copy();

    EngineModel& m_model;
    QString m_key;
    std::string m_seen;                      // the snapshot's key when it was last looked at
    bool m_busy = false;
    QLineEdit* m_edit;
    QPushButton* m_show;
    QPushButton* m_copy;
    QPushButton* m_renew;
    NoteLabel* m_note;
    QTimer m_copied;
};

}  // namespace larder::ui
