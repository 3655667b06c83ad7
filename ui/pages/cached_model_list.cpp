#include "ui/pages/cached_model_list.h"

#include <QHBoxLayout>
#include <QPushButton>
#include <QVBoxLayout>

#include "ui/pages/text_label.h"
#include "ui/status_text.h"
#include "ui/widgets/meter.h"

namespace larder::ui {

class CachedModelList::Row : public QWidget {
public:
    Row()
        : clear(new QPushButton(CachedModelList::tr("Clear ..."))),
          m_name(new TextLabel(TextLabel::Style::Body)),
          m_detail(new TextLabel(TextLabel::Style::Small)),
          m_share(new Meter) {
        const Look& look = Look::instance();
        setObjectName(QStringLiteral("cachedModel"));
        auto* column = new QVBoxLayout;
        column->setSpacing(look.space(1));
        column->addWidget(m_name);
        column->addWidget(m_share);
        column->addWidget(m_detail);
        auto* row = new QHBoxLayout(this);
        row->setContentsMargins(0, 0, 0, 0);
        row->setSpacing(look.space(4));
        row->addLayout(column, 1);
        row->addWidget(clear, 0, Qt::AlignVCenter);
    }

    void show(const CachedModel& model, std::uint64_t allBytes, std::int64_t nowUnixMs) {
        name = QString::fromStdString(model.name);
        const double share = allBytes > 0 ? static_cast<double>(model.bytes) / static_cast<double>(allBytes) : 0;
        QStringList parts = {CachedModelList::tr("%1, %2 of all").arg(StatusText::bytes(model.bytes), StatusText::percent(share))};
        if (model.pinnedBytes > 0) parts += CachedModelList::tr("%1 pinned").arg(StatusText::bytes(model.pinnedBytes));
        parts += model.prefixes == 1 ? CachedModelList::tr("1 prefix") : CachedModelList::tr("%1 prefixes").arg(StatusText::count(model.prefixes));
        if (model.lastUsedUnixMs > 0) parts += CachedModelList::tr("used %1").arg(StatusText::ago(model.lastUsedUnixMs, nowUnixMs));
        const QString detail = parts.join(QStringLiteral(" · "));
        m_name->setElided(name);
        m_detail->setSentence(detail);
        m_share->set(share, QString());
        m_share->setAccessibleName(CachedModelList::tr("Share of %1").arg(name));
        m_share->setAccessibleDescription(StatusText::percent(share));
        clear->setAccessibleName(CachedModelList::tr("Clear what is kept of %1").arg(name));
        clear->setAccessibleDescription(CachedModelList::tr("Identity %1").arg(QString::fromStdString(model.identity)));   // two may have one name
        setAccessibleName(name);
        setAccessibleDescription(detail);
    }

    QString name;
    QPushButton* clear;

private:
    TextLabel* m_name;
    TextLabel* m_detail;
    Meter* m_share;
};

CachedModelList::CachedModelList(QWidget* parent)
    : Card(tr("By model"), parent), m_sentence(new TextLabel(TextLabel::Style::Muted)), m_rowLayout(new QVBoxLayout) {
    setObjectName(QStringLiteral("cachedModels"));
    m_sentence->setObjectName(QStringLiteral("modelsSentence"));
    m_rowLayout->setSpacing(Look::instance().space(4));
    body()->addWidget(m_sentence);
    body()->addLayout(m_rowLayout);
}

void CachedModelList::showRows(std::size_t count) {
    while (m_rows.size() < count) {
        auto* row = new Row;
        m_rows.push_back(row);
        m_rowLayout->addWidget(row);
        row->clear->setEnabled(!m_working);
        connect(row->clear, &QPushButton::clicked, this, [this, row] { Q_EMIT clearWanted(row->name); });
    }
    for (std::size_t i = 0; i < m_rows.size(); ++i) m_rows[i]->setVisible(i < count);
}

void CachedModelList::show(const std::vector<CachedModel>& models, std::int64_t nowUnixMs) {
    if (models.empty()) {
        return showNothing(tr("Nothing is kept on the disk yet. What a model has read of a prompt is written here after an answer, and the "
                              "next request that begins alike need not wait for it."));
    }
    std::uint64_t all = 0;
    for (const CachedModel& model : models) all += model.bytes;
    showRows(models.size());
    for (std::size_t i = 0; i < models.size(); ++i) m_rows[i]->show(models[i], all, nowUnixMs);
    m_sentence->hide();
}

void CachedModelList::showNothing(const QString& sentence) {
    showRows(0);
    m_sentence->setSentence(sentence);
    m_sentence->show();
}

void CachedModelList::chainTabOrder(QWidget* before) {
    for (Row* row : m_rows) {
        setTabOrder(before, row->clear);
        before = row->clear;
    }
}

void CachedModelList::setWorking(bool working) {
    m_working = working;
    for (Row* row : m_rows) row->clear->setEnabled(!working);
}

}  // namespace larder::ui
