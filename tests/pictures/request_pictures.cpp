#include "tests/pictures/request_pictures.h"

#include <QDateTime>
#include <QTableView>

namespace larder::pictures {
namespace {

struct Asked {
    RequestState state;
    const char* title;
    const char* protocol = "anthropic messages";
    std::size_t prompt = 0, cached = 0, loaded = 0, done = 0, answer = 0;
    MissCause cause = MissCause::Grown;
    const char* model = "Llama-3.2-3B-Instruct-Q4_0";
    std::int64_t secondsAgo = 0, seconds = 0;
};

RequestStatus requestOf(const Asked& asked, std::uint64_t number, std::int64_t now) {
    RequestStatus request;
    request.number = number;
    request.state = asked.state;
    request.title = asked.title;
    request.protocol = asked.protocol;
    request.model = asked.model;
    request.promptTokens = asked.prompt;
    request.cachedTokens = asked.cached;
    request.loadedTokens = asked.loaded;
    request.doneTokens = asked.done;
    request.answerTokens = asked.answer;
    request.cause = asked.cause;
    request.startedUnixMs = now - asked.secondsAgo * 1000;
    request.endedUnixMs = asked.seconds > 0 ? request.startedUnixMs + asked.seconds * 1000 : 0;
    request.prepareMs = 31;
    request.timings = {0, 1'400, 4'200, static_cast<double>(asked.answer) * 120};
    request.closestNumber = number - 1;
    request.sharedTokens = asked.cached;
    request.closestTokens = asked.prompt + 600;
    if (asked.state == RequestState::Prefilling) request.etaMs = 47'000;
    return request;
}

RequestList someRequests(std::int64_t now) {
    using enum RequestState;
    const Asked all[] = {
        {Waiting, "Summarise the conversation so far", "openai chat", 0, 0, 0, 0, 0, MissCause::Unknown, "Qwen2.5-Coder-7B-Instruct-Q4_0", 3, 0},
        {Prefilling, "Now run the tests and mend what fails", "anthropic messages", 24'118, 12'340, 4'096, 17'003, 0, MissCause::Differs,
         "Llama-3.2-3B-Instruct-Q4_0", 41, 0},
        {Answering, "Why does the parser refuse an empty list?", "anthropic messages", 18'902, 18'640, 0, 18'902, 214, MissCause::Grown,
         "Llama-3.2-3B-Instruct-Q4_0", 30, 0},
        {Done, "Rename the class and all that uses it", "anthropic messages", 18'640, 18'012, 12'288, 18'640, 611, MissCause::Grown,
         "Llama-3.2-3B-Instruct-Q4_0", 150, 84},
        {Done, "Name of this conversation in five words", "openai chat", 1'204, 0, 0, 1'204, 9, MissCause::New, "SmolLM2-135M-Instruct.Q4_1", 190, 2},
        {Failed, "Translate the attached chapter", "openai completions", 140'220, 0, 0, 0, 0, MissCause::Unknown, "Llama-3.2-3B-Instruct-Q4_0", 260, 1},
        {Cancelled, "Write me a long poem about the sea and everything in it, with a rhyme in every line", "openai chat", 64, 0, 0, 64, 1'022,
         MissCause::New, "Llama-3.2-3B-Instruct-Q4_0", 900, 160},
        {Done, "", "openai completions", 8'110, 2'048, 2'048, 8'110, 40, MissCause::Evicted, "Llama-3.2-3B-Instruct-Q4_0", 1'200, 33}};
    RequestList list;
    std::uint64_t number = 118;
    for (const Asked& each : all) list.push_back(requestOf(each, number--, now));
    list[5].failure = "Prompt too long: 140220 tokens exceeds max context window of 131072 tokens";
    RequestStatus& differs = list[1];
    differs.sharedText = "ave context:\n<env>\nWorking directory: /home/ada/larder\nIs directory a git repo: Yes\nToday's date: ";
    differs.knownText = "2026-03-30\n</env>\n\ngitStatus: This is the git status at the start of the conversation.\n\nCurrent branch: main\n\nStatus:\n M engine/api/routes.cpp\n";
    differs.askedText = "2026-03-31\n</env>\n\ngitStatus: This is the git status at the start of the conversation.\n\nCurrent branch: parsers\n\nStatus:\n(clean)\n";
    return list;
}

}  // namespace

void takeRequests(Photographer& photographer, support::ScriptedService& service, ui::EngineModel& model, ui::MainWindow& window) {
    const auto show = [&](RequestList list) {
        service.setRequests(std::move(list));
        model.refresh();
    };
    show({});
    window.showPage(ui::PageId::Requests);
    photographer.take(window, QStringLiteral("requests-empty"));
    show(someRequests(QDateTime::currentMSecsSinceEpoch()));
    QWidget* page = window.page(ui::PageId::Requests);
    auto* table = page->findChild<QTableView*>(QStringLiteral("requests"));
    table->selectRow(1);
    photographer.takeScrolled(window, *page, QStringLiteral("requests"));
    table->selectRow(5);
    photographer.take(window, QStringLiteral("requests-failed"));
    table->selectRow(7);
    photographer.take(window, QStringLiteral("requests-given-up"));
    table->selectRow(1);
    const QSize size = window.size();
    window.resize(640, 420);
    photographer.takeScrolled(window, *page, QStringLiteral("requests-narrow"));
    window.resize(size);
    show({});
}

}  // namespace larder::pictures
