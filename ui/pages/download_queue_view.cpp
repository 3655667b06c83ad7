#include "ui/pages/download_queue_view.h"

#include <QPushButton>
#include <QSet>
#include <QVBoxLayout>
#include <algorithm>

#include "ui/ask.h"
#include "ui/look.h"
#include "ui/pages/download_row.h"
#include "ui/pages/text_label.h"
#include "ui/status_text.h"
#include "ui/widgets/card.h"

namespace larder::ui {

DownloadQueueView::DownloadQueueView(EngineModel& model, QWidget* parent)
    : QWidget(parent), m_model(model), m_card(new Card(tr("Downloads"))) {
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->addWidget(m_card);
    m_space = new TextLabel(TextLabel::Style::Small);
    m_clear = new QPushButton(tr("Clear finished"));
    m_clear->setObjectName(QStringLiteral("clearDone"));
    m_card->header()->addWidget(m_space);
    m_card->header()->addWidget(m_clear);
    m_rowLayout = new QVBoxLayout;
    m_rowLayout->setSpacing(Look::instance().space(4));
    m_card->body()->addLayout(m_rowLayout);
    connect(m_clear, &QPushButton::clicked, this, &DownloadQueueView::clearDone);
    refresh();
}

void DownloadQueueView::refresh() {
    const ServiceSnapshot& snapshot = m_model.snapshot();
    QSet<std::uint64_t> present;
    bool anyDone = false;
    for (const DownloadStatus& status : *snapshot.downloads) {
        present.insert(status.id);
        anyDone = anyDone || status.state == DownloadState::Done;
    }
    for (auto entry = m_rows.begin(); entry != m_rows.end();) {
        if (present.contains(entry.key())) {
            ++entry;
            continue;
        }
        m_rowLayout->removeWidget(entry.value());
        entry.value()->hide();   // deleted later: its own button may be what removed it
        entry.value()->deleteLater();
        entry = m_rows.erase(entry);
    }
    int place = 0;
    QWidget* before = m_clear;
    for (const DownloadStatus& status : *snapshot.downloads) {
        DownloadRow* shown = m_rows.value(status.id);
        if (!shown) shown = makeRow(status.id);
        if (m_rowLayout->indexOf(shown) != place) m_rowLayout->insertWidget(place, shown);
        ++place;
        shown->show(status);
        before = shown->chainTabOrder(before);   // made later than what stands below
    }
    m_space->setText(tr("%1 free in the model folder").arg(StatusText::bytes(snapshot.modelFolderFreeBytes)));
    m_clear->setVisible(anyDone);
    setVisible(!snapshot.downloads->empty());
}

DownloadRow* DownloadQueueView::makeRow(std::uint64_t id) {
    auto* made = new DownloadRow(this);
    m_rows.insert(id, made);
    connect(made, &DownloadRow::pauseWanted, this, [this, id] { m_model.service().pauseDownload(id); });
    connect(made, &DownloadRow::resumeWanted, this, [this, id] { m_model.service().resumeDownload(id); });
    connect(made, &DownloadRow::cancelWanted, this, [this, id] { cancel(id); });
    return made;
}

const DownloadStatus* DownloadQueueView::find(std::uint64_t id) const {
    const auto& all = *m_model.snapshot().downloads;
    const auto found = std::find_if(all.begin(), all.end(), [&](const DownloadStatus& status) { return status.id == id; });
    return found == all.end() ? nullptr : &*found;
}

void DownloadQueueView::cancel(std::uint64_t id) {
    const DownloadStatus* status = find(id);
    if (!status) return;
    if (status->state != DownloadState::Done && status->progress.doneBytes > 0) {
        Question question;
        question.title = tr("Cancel download");
        question.text = tr("The %1 that arrived of %2 are deleted. Pause keeps them.")
                            .arg(StatusText::bytes(status->progress.doneBytes), downloadName(*status));
        question.yes = tr("Delete");
        question.no = tr("Keep");
        question.dangerous = true;
        if (!Ask::confirm(this, question)) return;
    }
    m_model.service().cancelDownload(id);
}

void DownloadQueueView::clearDone() {
    const auto downloads = m_model.snapshot().downloads;   // held: the service may change it while we ask
    for (const DownloadStatus& status : *downloads) {
        if (status.state == DownloadState::Done) m_model.service().cancelDownload(status.id);
    }
}

}  // namespace larder::ui
