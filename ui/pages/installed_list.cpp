#include "ui/pages/installed_list.h"

#include <QCollator>
#include <QComboBox>
#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>
#include <algorithm>
#include <numeric>

#include "ui/look.h"
#include "ui/pages/installed_row.h"
#include "ui/pages/text_label.h"
#include "ui/status_text.h"
#include "ui/widgets/card.h"

namespace larder::ui {

namespace {

enum class Order { Name, Largest, Smallest, Newest };

bool sameModels(const std::vector<ModelInfo>& a, const std::vector<ModelInfo>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const ModelInfo& x, const ModelInfo& y) {
        return x.name == y.name && x.path == y.path && x.fileBytes == y.fileBytes && x.modifiedSeconds == y.modifiedSeconds &&
               x.problem == y.problem && x.source == y.source && x.quantisation == y.quantisation && x.family == y.family &&
               x.contextTokens == y.contextTokens;
    });
}

}  // namespace

bool isDefaultModel(const ModelInfo& model, const Settings& settings) {
    return !settings.defaultModel.empty() && (settings.defaultModel == model.name || settings.defaultModel == model.path.string());
}

InstalledList::InstalledList(QWidget* parent) : QWidget(parent), m_card(new Card(tr("On this disk"))) {
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->addWidget(m_card);
    buildHeader();
    m_rowLayout = new QVBoxLayout;
    m_rowLayout->setSpacing(0);
    m_empty = buildEmpty();
    m_noMatch = new TextLabel(TextLabel::Style::Muted, tr("No model matches the filter."));
    m_card->body()->addLayout(m_rowLayout);
    m_card->body()->addWidget(m_empty);
    m_card->body()->addWidget(m_noMatch);
    m_noMatch->hide();
}

void InstalledList::buildHeader() {
    m_filter = new QLineEdit;
    m_filter->setObjectName(QStringLiteral("filter"));
    m_filter->setPlaceholderText(tr("Filter"));
    m_filter->setAccessibleName(tr("Show only models with this text"));
    m_filter->setClearButtonEnabled(true);
    m_order = new QComboBox;
    m_order->setObjectName(QStringLiteral("order"));
    m_order->setAccessibleName(tr("Order of the models"));
    m_order->addItem(tr("By name"), static_cast<int>(Order::Name));
    m_order->addItem(tr("Largest first"), static_cast<int>(Order::Largest));
    m_order->addItem(tr("Smallest first"), static_cast<int>(Order::Smallest));
    m_order->addItem(tr("Newest first"), static_cast<int>(Order::Newest));
    m_card->header()->addWidget(m_filter);
    m_card->header()->addWidget(m_order);
    connect(m_filter, &QLineEdit::textChanged, this, &InstalledList::arrange);
    connect(m_order, &QComboBox::currentIndexChanged, this, &InstalledList::arrange);
}

QWidget* InstalledList::buildEmpty() {
    auto* empty = new QWidget;
    auto* row = new QHBoxLayout(empty);
    row->setContentsMargins(0, 0, 0, 0);
    m_emptyText = new TextLabel(TextLabel::Style::Body);
    m_get = new QPushButton(tr("Get a model"));
    m_get->setObjectName(QStringLiteral("getFirstModel"));
    m_get->setProperty("primary", true);
    row->addWidget(m_emptyText, 1);
    row->addWidget(m_get);
    connect(m_get, &QPushButton::clicked, this, &InstalledList::downloadWanted);
    return empty;
}

void InstalledList::show(const ServiceSnapshot& snapshot) {
    if (!m_models || (m_models != snapshot.models && !sameModels(*m_models, *snapshot.models))) rebuild(*snapshot.models);
    m_models = snapshot.models;
    for (std::size_t i = 0; i < m_rows.size(); ++i) m_rows[i]->show((*m_models)[i], snapshot);
    showEmpty(snapshot);
}

void InstalledList::showEmpty(const ServiceSnapshot& snapshot) {
    const bool empty = m_rows.empty();
    m_empty->setVisible(empty);
    m_filter->setVisible(!empty);
    m_order->setVisible(!empty);
    if (!empty) return;
    m_emptyText->setSentence(snapshot.modelsKnown
                                 ? tr("No model yet. Choose one by its name on Hugging Face, or put a GGUF file into %1.")
                                       .arg(QString::fromStdString(snapshot.settings.modelDir.string()))
                                 : tr("Looking for models ..."));
    m_get->setAccessibleDescription(m_emptyText->text());   // the page has a button of that name at its top too
}

void InstalledList::rebuild(const std::vector<ModelInfo>& models) {
    const QWidget* focused = focusWidget();
    QString focusedName;
    for (InstalledRow* row : m_rows) {
        if (focused && row->isAncestorOf(focused)) focusedName = row->name();
        m_rowLayout->removeWidget(row);
        row->hide();          // deleted later: the click that caused this may still be in one of its buttons
        row->deleteLater();
    }
    m_rows.clear();
    for (const ModelInfo& model : models) {
        const QString name = QString::fromStdString(model.name);
        auto* row = new InstalledRow(name, this);
        connect(row, &InstalledRow::loadWanted, this, [this, name] { Q_EMIT loadWanted(name); });
        connect(row, &InstalledRow::unloadWanted, this, [this, name] { Q_EMIT unloadWanted(name); });
        connect(row, &InstalledRow::pinWanted, this, [this, name](bool pinned) { Q_EMIT pinWanted(name, pinned); });
        connect(row, &InstalledRow::defaultToggled, this, [this, name] { Q_EMIT defaultToggled(name); });
        connect(row, &InstalledRow::folderWanted, this, [this, name] { Q_EMIT folderWanted(name); });
        connect(row, &InstalledRow::removeWanted, this, [this, name] { Q_EMIT removeWanted(name); });
        m_rows.push_back(row);
    }
    m_models = std::make_shared<const std::vector<ModelInfo>>(models);
    arrange();
    for (InstalledRow* row : m_rows) {
        if (!focusedName.isEmpty() && row->name() == focusedName) row->takeFocus();
    }
}

void InstalledList::arrange() {
    if (!m_models) return;
    std::vector<std::size_t> order(m_rows.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    QCollator collator;
    collator.setNumericMode(true);
    collator.setCaseSensitivity(Qt::CaseInsensitive);
    const auto chosen = static_cast<Order>(m_order->currentData().toInt());
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        const ModelInfo& first = (*m_models)[a];
        const ModelInfo& second = (*m_models)[b];
        switch (chosen) {
            case Order::Largest: return first.fileBytes > second.fileBytes;
            case Order::Smallest: return first.fileBytes < second.fileBytes;
            case Order::Newest: return first.modifiedSeconds > second.modifiedSeconds;
            case Order::Name: break;
        }
        return collator.compare(m_rows[a]->name(), m_rows[b]->name()) < 0;
    });
    const QStringList words = m_filter->text().split(QLatin1Char(' '), Qt::SkipEmptyParts);
    bool any = false;
    bool firstShown = true;
    QWidget* before = m_order;
    for (const std::size_t index : order) {
        InstalledRow* row = m_rows[index];
        m_rowLayout->removeWidget(row);
        m_rowLayout->addWidget(row);
        const bool matches = std::all_of(words.begin(), words.end(), [&](const QString& word) {
            return searchText((*m_models)[index]).contains(word, Qt::CaseInsensitive);
        });
        row->setVisible(matches);
        row->setDivided(!firstShown);
        before = row->chainTabOrder(before);   // Tab goes down the rows as they are seen
        if (matches) firstShown = false;
        any = any || matches;
    }
    m_noMatch->setVisible(!m_rows.empty() && !any);
}

QStringList InstalledList::shownNames() const {
    QStringList names;
    for (int i = 0; i < m_rowLayout->count(); ++i) {
        const auto* row = qobject_cast<const InstalledRow*>(m_rowLayout->itemAt(i)->widget());
        if (row && !row->isHidden()) names += row->name();
    }
    return names;
}

}  // namespace larder::ui
