#include "ui/request_text.h"

#include <QStringList>
#include <algorithm>

#include "ui/status_text.h"

namespace larder::ui {

QString RequestText::state() const {
    switch (m_request.state) {
        case RequestState::Waiting: return tr("waiting");
        case RequestState::Loading: return tr("model is loading");
        case RequestState::Prefilling: {
            if (m_request.promptTokens == 0) return tr("reading");
            const QString share = StatusText::percent(static_cast<double>(m_request.doneTokens) / static_cast<double>(m_request.promptTokens));
            return m_request.etaMs > 0 ? tr("reading %1, %2 left").arg(share, StatusText::duration(m_request.etaMs / 1000))
                                       : tr("reading %1").arg(share);
        }
        case RequestState::Answering: return tr("answering");
        case RequestState::Done: return tr("done");
        case RequestState::Failed: return tr("failed");
        case RequestState::Cancelled: return tr("cancelled");
    }
    return {};
}

Tone RequestText::tone() const {
    switch (m_request.state) {
        case RequestState::Waiting:
        case RequestState::Loading:
        case RequestState::Prefilling: return Tone::Busy;
        case RequestState::Answering: return Tone::Good;
        case RequestState::Failed: return Tone::Bad;
        case RequestState::Done:
        case RequestState::Cancelled: return Tone::Neutral;
    }
    return Tone::Neutral;
}

QString RequestText::client() const {
    if (m_request.protocol == "anthropic messages") return tr("Anthropic");
    if (m_request.protocol == "openai chat") return tr("OpenAI chat");
    if (m_request.protocol == "openai responses") return tr("OpenAI Responses");
    if (m_request.protocol == "openai completions") return tr("OpenAI text");
    return QString::fromStdString(m_request.protocol);
}

QString RequestText::title() const {
    if (!m_request.title.empty()) return QString::fromStdString(m_request.title);
    return tr("Request %1").arg(StatusText::count(m_request.number));
}

QString RequestText::cause() const {
    switch (m_request.cause) {
        case MissCause::Nothing: return tr("all known");
        case MissCause::Grown: return tr("added to");
        case MissCause::New: return tr("new");
        case MissCause::Differs: return tr("differs");
        case MissCause::Evicted: return tr("given up");
        case MissCause::NotWritten: return tr("not written");
        case MissCause::Damaged: return tr("damaged");
        case MissCause::NotStored: return tr("not kept");
        case MissCause::Snapshot: return tr("no state");
        case MissCause::Asked: return tr("asked for");
        case MissCause::Unknown: break;
    }
    return {};
}

QString RequestText::why() const {
    const QString shared = StatusText::count(m_request.sharedTokens);
    const QString computed = StatusText::count(m_request.promptTokens - std::min(m_request.promptTokens, m_request.cachedTokens));
    const std::size_t behind = m_request.promptTokens - std::min(m_request.promptTokens, std::max(m_request.sharedTokens, m_request.cachedTokens));
    const QString added = StatusText::count(behind);
    switch (m_request.cause) {
        case MissCause::Nothing: return tr("Nothing but the last token of the prompt had to be computed.");
        case MissCause::Grown:
            return m_request.cachedTokens > m_request.sharedTokens
                       ? tr("%1 tokens were still kept of older prompts; %2 came behind them.").arg(StatusText::count(m_request.cachedTokens), added)
                       : tr("%1 tokens were added to a known prompt of %2.").arg(added, shared);
        case MissCause::New: return tr("No known prompt of this model begins like it.");
        case MissCause::Differs:
            if (m_request.closestNumber == 0)
                return tr("It leaves the closest known prompt, of before the server was started, after %1 of %2 tokens: what comes there has to be "
                          "computed.").arg(shared, StatusText::count(m_request.closestTokens));
            return tr("It leaves the closest known prompt (request %1) after %2 of %3 tokens: what comes there has to be computed.")
                .arg(StatusText::count(m_request.closestNumber), shared, StatusText::count(m_request.closestTokens));
        case MissCause::Evicted:
            return tr("%1 tokens were known, but not all of them were still kept: there was no room for them, or they were cleared or removed. %2 "
                      "had to be computed.").arg(shared, computed);
        case MissCause::NotWritten:
            return tr("%1 tokens were known before the server was started, but are not on the disk: the cache there is off or was off then, that server "
                      "ended before it had written them, or their files were removed. %2 had to be computed.").arg(shared, computed);
        case MissCause::Damaged:
            return tr("%1 tokens were known, but a block of theirs on the disk was damaged: it was set aside, and %2 had to be computed.").arg(shared, computed);
        case MissCause::NotStored:
            return tr("%1 tokens are shared with a prompt that was not kept, was stopped before its end, or was still being computed. %2 had to be "
                      "computed.").arg(shared, computed);
        case MissCause::Snapshot:
            return tr("%1 tokens were known, but the model's state was kept after %2 of them only.").arg(shared, StatusText::count(m_request.cachedTokens));
        case MissCause::Asked: return tr("The client asked for the probabilities of the prompt itself, so %1 tokens were computed.").arg(computed);
        case MissCause::Unknown: break;
    }
    if (computedTokens() > 0) return tr("What was known before the server was started was still being read when this was computed.");
    return runs() ? tr("Nothing of the prompt was computed yet.") : tr("It ended before anything of its prompt was computed.");
}

QString RequestText::duration(std::int64_t nowUnixMs) const {
    const std::int64_t end = runs() ? nowUnixMs : m_request.endedUnixMs;
    return StatusText::duration(static_cast<double>(std::max<std::int64_t>(0, end - m_request.startedUnixMs)) / 1000);
}

std::size_t RequestText::memoryTokens() const { return m_request.cachedTokens - std::min(m_request.cachedTokens, m_request.loadedTokens); }

std::size_t RequestText::diskTokens() const { return std::min(m_request.cachedTokens, m_request.loadedTokens); }

std::size_t RequestText::computedTokens() const { return m_request.doneTokens - std::min(m_request.doneTokens, m_request.cachedTokens); }

QString RequestText::parts() const {
    if (m_request.promptTokens == 0) return {};
    return tr("%1 from memory, %2 from the disk, %3 computed")
        .arg(StatusText::count(memoryTokens()), StatusText::count(diskTokens()), StatusText::count(computedTokens()));
}

}  // namespace larder::ui
