// One repository on Hugging Face: what can be downloaded from it, how each version does on this machine, and what stands in
// the way (terms to accept, a token, too little room). Asks the service; answers that come too late are dropped. GUI thread only.
#pragma once

#include <QWidget>
#include <cstdint>
#include <optional>

#include "engine/hub.h"
#include "ui/engine_model.h"

class QLineEdit;
class QPushButton;
class QTableView;

namespace larder::ui {

class Banner;
class ChoiceTable;
class NoteLabel;
class TextLabel;

class RepositoryPanel : public QWidget {
    Q_OBJECT

public:
    explicit RepositoryPanel(EngineModel& model, QWidget* parent = nullptr);

    void clear();
    void load(const ModelReference& reference);   // the version it names is chosen, else the recommended one
    bool canDownload() const;
    void download();                              // REQUIRES canDownload()

signals:
    void choiceChanged();
    void downloadWanted();                        // Enter or a double click on a version
    void notFound(const QString& id);

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void build();
    QWidget* buildAccess();
    void arrived(Expected<Repository> result);
    void choose();
    void fitColumns();
    void refreshNote();
    void showAccess(bool visible, const QString& why);
    void saveToken();
    const DownloadChoice* chosen() const;

    EngineModel& m_model;
    ChoiceTable* m_choices;
    TextLabel* m_title;
    TextLabel* m_facts;
    QPushButton* m_page;
    Banner* m_banner;
    QTableView* m_table;
    NoteLabel* m_note;
    QWidget* m_access;
    TextLabel* m_accessText;
    QLineEdit* m_token;
    QPushButton* m_saveToken;
    std::optional<ModelReference> m_reference;
    std::optional<Repository> m_repository;
    std::uint64_t m_turn = 0;                     // of the question that is the latest
};

}  // namespace larder::ui
