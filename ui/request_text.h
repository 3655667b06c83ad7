// What one request is called to be at, and why it had to compute, once for table and details. Pure functions of its status;
// translated.
#pragma once

#include <QCoreApplication>
#include <QString>

#include "engine/requests.h"
#include "ui/look.h"

namespace larder::ui {

class RequestText {
    Q_DECLARE_TR_FUNCTIONS(RequestText)

public:
    explicit RequestText(const RequestStatus& request) : m_request(request) {}  // kept by reference: use it at once

    bool runs() const { return m_request.endedUnixMs == 0; }
    QString state() const;     // "waiting", "reading 43 %, 12 s left", "answering", "done"
    Tone tone() const;
    QString client() const;    // "Anthropic", "OpenAI chat"
    QString title() const;     // never empty
    QString cause() const;     // "differs"; empty until known
    QString why() const;       // the same as a sentence with its numbers
    QString duration(std::int64_t nowUnixMs) const;

    // Of the prompt's tokens: what was in memory, read from the disk, and computed so far.
    std::size_t memoryTokens() const;
    std::size_t diskTokens() const;
    std::size_t computedTokens() const;
    QString parts() const;     // "12,000 from memory, 300 from the disk, 40 computed"; empty before the prompt is read

private:
    const RequestStatus& m_request;
};

}  // namespace larder::ui
