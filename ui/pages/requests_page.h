// The requests that run and the last ones that did: how far they are, what the cache gave them, and why it did not give more.
// GUI thread only.
#pragma once

#include <QWidget>

#include "ui/engine_model.h"

namespace larder::ui {

class RequestDetails;
class RequestListCard;
class TextLabel;

class RequestsPage : public QWidget {
    Q_OBJECT

public:
    explicit RequestsPage(EngineModel& model, QWidget* parent = nullptr);

protected:
    void showEvent(QShowEvent* event) override;

private:
    void refresh();            // from the snapshot; only while visible

    EngineModel& m_model;
    TextLabel* m_empty;
    RequestListCard* m_list;
    RequestDetails* m_details;
};

}  // namespace larder::ui
