// The prompt cache: how full it is in memory and on the disk, what it brings hour by hour, what is kept of which model, and what
// it may take. The lists are asked for when the page is shown, after everything that changes them, and on Refresh. GUI thread
// only.
#pragma once

#include <QWidget>
#include <cstdint>
#include <optional>

#include "ui/engine_model.h"
#include "ui/look.h"

class QPushButton;

namespace larder::ui {

class Banner;
class CacheHoursCard;
class CacheLimitsCard;
class CacheTiersCard;
class CachedModelList;
class CachedPrefixList;
class PageScroll;

class CachePage : public QWidget {
    Q_OBJECT

public:
    explicit CachePage(EngineModel& model, QWidget* parent = nullptr);

protected:
    void showEvent(QShowEvent* event) override;

private:
    enum class Advice { None, TurnOn, Limits, RestartServer };
    enum class Work { None, Checking, Clearing };

    void build();
    void refresh();            // from the snapshot; only while visible
    void showAdvice();
    void advise(Advice advice, const QString& sentence, Tone tone, const QString& action);
    void followAdvice();
    void list();               // anew
    void showListing();
    void setWork(Work work);
    void pin(const std::string& id, bool pinned);
    void check();
    void clearModel(const QString& name);
    void clearAll();
    bool askToClear(const QString& sentence, const QString& yes, std::uint64_t pinnedBytes, bool* pinnedToo);
    void clear(const std::string& model, bool pinnedToo);
    void report(const QString& sentence, Tone tone);

    EngineModel& m_model;
    PageScroll* m_scroll;
    QPushButton* m_refresh;
    Banner* m_state;           // what is wrong with the tier on the disk
    Banner* m_result;          // what came of the last thing that was asked for
    CacheTiersCard* m_tiers;
    CacheHoursCard* m_hours;
    CachedModelList* m_models;
    CachedPrefixList* m_prefixes;
    CacheLimitsCard* m_limits;
    std::optional<CacheListing> m_listing;
    QString m_listFailure;
    std::uint64_t m_turn = 0;  // of the latest list() call; older answers are dropped
    Advice m_advice = Advice::None;
    Work m_work = Work::None;
};

}  // namespace larder::ui
