#include "ui/pages/download_row.h"

#include <QHBoxLayout>
#include <QPushButton>
#include <algorithm>

#include "ui/look.h"
#include "ui/pages/text_label.h"
#include "ui/status_text.h"
#include "ui/widgets/badge.h"
#include "ui/widgets/meter.h"

namespace larder::ui {

namespace {

// "1.2 GB of 4.1 GB, 32 MB/s, about 1 min 30 s left"
QString progressText(const DownloadStatus& status) {
    const DownloadProgress& progress = status.progress;
    if (progress.totalBytes == 0) return {};
    if (status.state == DownloadState::Done) return StatusText::bytes(progress.totalBytes);
    QString text = DownloadRow::tr("%1 of %2").arg(StatusText::bytes(progress.doneBytes), StatusText::bytes(progress.totalBytes));
    if (status.state != DownloadState::Running || progress.verifying) return text;
    if (progress.bytesPerSecond >= 1) {
        text = DownloadRow::tr("%1, %2/s").arg(text, StatusText::bytes(static_cast<std::uint64_t>(progress.bytesPerSecond)));
    }
    if (progress.secondsLeft) text = DownloadRow::tr("%1, about %2 left").arg(text, StatusText::duration(*progress.secondsLeft));
    return text;
}

QString stateWord(const DownloadStatus& status) {
    switch (status.state) {
        case DownloadState::Queued: return DownloadRow::tr("waiting");
        case DownloadState::Running: return status.progress.verifying ? DownloadRow::tr("checking") : DownloadRow::tr("downloading");
        case DownloadState::Paused: return DownloadRow::tr("paused");
        case DownloadState::Done: return DownloadRow::tr("done");
        case DownloadState::Failed: return DownloadRow::tr("failed");
    }
    return {};
}

Tone downloadTone(DownloadState state) {
    switch (state) {
        case DownloadState::Running: return Tone::Busy;
        case DownloadState::Done: return Tone::Good;
        case DownloadState::Failed: return Tone::Bad;
        case DownloadState::Queued:
        case DownloadState::Paused: break;
    }
    return Tone::Neutral;
}

}  // namespace

QString downloadName(const DownloadStatus& status) {
    const QString repository = QString::fromStdString(status.repository);
    return status.label.empty() ? repository : DownloadRow::tr("%1 %2").arg(repository, QString::fromStdString(status.label));
}

DownloadRow::DownloadRow(QWidget* parent)
    : QWidget(parent),
      m_title(new TextLabel(TextLabel::Style::Heading)),
      m_word(new Badge),
      m_meter(new Meter),
      m_remark(new TextLabel(TextLabel::Style::Small)),
      m_toggle(new QPushButton),
      m_cancel(new QPushButton) {
    m_toggle->setObjectName(QStringLiteral("toggle"));
    m_cancel->setObjectName(QStringLiteral("cancel"));
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(Look::instance().space(2));
    auto* text = new QVBoxLayout;
    auto* first = new QHBoxLayout;
    first->addWidget(m_title);
    first->addWidget(m_word);
    first->addStretch(1);
    text->addLayout(first);
    text->addWidget(m_meter);
    text->addWidget(m_remark);
    layout->addLayout(text, 1);
    layout->addWidget(m_toggle, 0, Qt::AlignTop);
    layout->addWidget(m_cancel, 0, Qt::AlignTop);
    connect(m_toggle, &QPushButton::clicked, this, [this] {
        const bool going = m_state == DownloadState::Running || m_state == DownloadState::Queued;
        if (going) Q_EMIT pauseWanted();
        else Q_EMIT resumeWanted();
    });
    connect(m_cancel, &QPushButton::clicked, this, &DownloadRow::cancelWanted);
}

QWidget* DownloadRow::chainTabOrder(QWidget* before) {
    QWidget::setTabOrder(before, m_toggle);
    QWidget::setTabOrder(m_toggle, m_cancel);
    return m_cancel;
}

void DownloadRow::show(const DownloadStatus& status) {
    m_state = status.state;
    const QString name = downloadName(status);
    m_title->setElided(name);
    setAccessibleName(name);
    m_word->set(stateWord(status), downloadTone(status.state));
    const DownloadProgress& progress = status.progress;
    double share = status.state == DownloadState::Running ? -1 : 0;
    if (progress.totalBytes > 0) share = static_cast<double>(progress.doneBytes) / static_cast<double>(progress.totalBytes);
    if (status.state == DownloadState::Done) share = 1;
    m_meter->setAccessibleName(tr("Progress of %1").arg(name));
    m_meter->set(std::min(share, 1.0), progressText(status), downloadTone(status.state));
    showRemark(status);
    showButtons(status, name);
}

void DownloadRow::showRemark(const DownloadStatus& status) {
    const bool failed = status.state == DownloadState::Failed;
    QString remark = QString::fromStdString(failed ? status.error : status.progress.remark);
    if (status.state == DownloadState::Done) remark.clear();
    m_remark->setSentence(remark);
    m_remark->setTone(failed ? Tone::Bad : Tone::Neutral);
    m_remark->setVisible(!remark.isEmpty());
}

void DownloadRow::showButtons(const DownloadStatus& status, const QString& name) {
    const bool done = status.state == DownloadState::Done;
    m_toggle->setVisible(!done);
    QString verb = tr("Pause");
    if (status.state == DownloadState::Paused) verb = tr("Resume");
    if (status.state == DownloadState::Failed) verb = tr("Retry");
    m_toggle->setText(verb);
    m_toggle->setAccessibleName(tr("%1: %2").arg(verb, name));
    const QString other = done ? tr("Clear") : tr("Cancel");
    m_cancel->setText(other);
    m_cancel->setAccessibleName(tr("%1: %2").arg(other, name));
    m_cancel->setToolTip(done ? tr("Takes it off this list; the model stays") : QString());
}

}  // namespace larder::ui
