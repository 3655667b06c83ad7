// Looks for text that a person could not read whole in a shown window: wider or higher than the widget that shows it, or cut
// off by a parent. What scrolls may lie outside downwards, never sideways. GUI thread.
#pragma once

#include <QAbstractButton>
#include <QAbstractScrollArea>
#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QString>
#include <QStringList>
#include <QScrollBar>
#include <QStyle>
#include <QTextDocument>
#include <QWidget>

namespace larder::support {

inline QString describeWidget(const QWidget& widget, const QString& text) {
    return QStringLiteral("%1 \"%2\" (%3x%4)")
        .arg(QString::fromLatin1(widget.metaObject()->className()), text.left(60))
        .arg(widget.width())
        .arg(widget.height());
}

// The viewport that scrolls this widget, if any.
inline const QAbstractScrollArea* scrollAreaOf(const QWidget& widget) {
    for (const QWidget* parent = widget.parentWidget(); parent; parent = parent->parentWidget())
        if (auto* area = qobject_cast<const QAbstractScrollArea*>(parent)) return area;
    return nullptr;
}

// Whether every pixel of it lies inside its ancestors, up to the viewport that scrolls it (there: sideways only).
inline bool liesInside(const QWidget& widget) {
    const QAbstractScrollArea* area = scrollAreaOf(widget);
    for (const QWidget* parent = widget.parentWidget(); parent; parent = parent->parentWidget()) {
        const QRect rect(widget.mapTo(parent, QPoint(0, 0)), widget.size());
        if (area && parent == area->viewport()) {
            if (area->horizontalScrollBar() && area->horizontalScrollBar()->maximum() > 0 && qobject_cast<const QAbstractItemView*>(area)) return true;
            return rect.left() >= 0 && rect.right() <= parent->rect().right();
        }
        if (!parent->rect().contains(rect)) return false;
        if (parent->isWindow()) break;
    }
    return true;
}

inline bool labelFits(const QLabel& label) {
    const QRect room = label.contentsRect();
    const QString text = label.text();
    const bool rich = label.textFormat() == Qt::RichText || (label.textFormat() == Qt::AutoText && Qt::mightBeRichText(text));
    if (label.wordWrap() || rich) {
        const int needed = label.hasHeightForWidth() ? label.heightForWidth(label.width()) : label.sizeHint().height();
        return needed <= label.height() + 1;
    }
    const QSize needed = label.fontMetrics().size(0, text);
    return needed.width() <= room.width() + 1 && needed.height() <= room.height() + 2;
}

inline QString complaintAbout(const QWidget& widget) {
    QString text;
    bool fits = true;
    if (auto* label = qobject_cast<const QLabel*>(&widget)) {
        text = label->text();
        fits = text.isEmpty() || labelFits(*label);
    } else if (auto* button = qobject_cast<const QAbstractButton*>(&widget)) {
        text = button->text();
        fits = text.isEmpty() || button->sizeHint().width() <= button->width() + 1;
    } else if (auto* edit = qobject_cast<const QLineEdit*>(&widget)) {
        text = edit->text().isEmpty() ? edit->placeholderText() : QString();
        fits = edit->fontMetrics().horizontalAdvance(text) <= edit->contentsRect().width();
    } else if (auto* combo = qobject_cast<const QComboBox*>(&widget)) {
        text = combo->currentText();
        const int arrow = combo->style()->pixelMetric(QStyle::PM_ScrollBarExtent);
        fits = combo->fontMetrics().horizontalAdvance(text) <= combo->width() - arrow;
    } else if (auto* header = qobject_cast<const QHeaderView*>(&widget)) {
        for (int i = 0; i < header->count(); ++i) {
            if (header->isSectionHidden(i) || !header->model()) continue;
            const QString title = header->model()->headerData(i, header->orientation()).toString();
            if (header->orientation() == Qt::Horizontal && header->fontMetrics().horizontalAdvance(title) > header->sectionSize(i)) {
                text = title;
                fits = false;
            }
        }
    } else if (auto* list = qobject_cast<const QListWidget*>(&widget)) {
        for (int i = 0; i < list->count(); ++i)
            if (list->fontMetrics().horizontalAdvance(list->item(i)->text()) > list->viewport()->width()) {
                text = list->item(i)->text();
                fits = false;
            }
    }
    if (!fits) return describeWidget(widget, text) + QStringLiteral(": the text does not fit");
    if (!text.isEmpty() && !liesInside(widget)) return describeWidget(widget, text) + QStringLiteral(": cut off by a parent");
    return {};
}

inline QStringList clippedTexts(const QWidget& window) {
    QStringList complaints;
    for (const QWidget* widget : window.findChildren<QWidget*>()) {
        if (!widget->isVisible()) continue;
        if (const QString complaint = complaintAbout(*widget); !complaint.isEmpty()) complaints.append(complaint);
    }
    return complaints;
}

}  // namespace larder::support
