#include "engine/api/model_texts.h"

#include <utility>

namespace larder::api {
namespace {

constexpr std::size_t kMaxEntries = 4;  // a large vocabulary takes some tens of megabytes

}  // namespace

ModelTexts::ModelTexts(ModelTextLoader loader) : m_loader(std::move(loader)) {
    m_thread = base::Thread("larder-texts", [this] {
        while (!m_questions.closed())
            for (const Question& question : m_questions.wait()) load(question);
    });
}

ModelTexts::~ModelTexts() {
    m_questions.close();
    m_thread.join();
}

Expected<SharedModelText> ModelTexts::get(const ModelInfo& model) {
    if (SharedModelText known = find(model)) return known;
    auto mailbox = std::make_shared<base::Mailbox<Answer>>();
    if (m_questions.post({model, mailbox})) {
        auto answers = mailbox->wait();
        if (!answers.empty()) return std::move(answers.front());
    }
    return Error{ErrorCode::Unavailable, "Larder is shutting down."};
}

SharedModelText ModelTexts::find(const ModelInfo& model) const {
    for (const Entry& entry : m_entries.read())
        if (entry.path == model.path && entry.modifiedSeconds == model.modifiedSeconds &&
            entry.fileBytes == model.fileBytes)
            return entry.text;
    return nullptr;
}

void ModelTexts::load(const Question& question) {
    const ModelInfo& model = question.model;
    if (SharedModelText known = find(model)) {  // another question asked for it meanwhile
        question.answer->post(std::move(known));
        return;
    }
    Answer answer = m_loader(model.path);
    if (answer) {
        std::vector<Entry> entries = m_entries.read();
        std::erase_if(entries, [&](const Entry& entry) { return entry.path == model.path; });
        if (entries.size() == kMaxEntries) entries.erase(entries.begin());
        entries.push_back({model.path, model.modifiedSeconds, model.fileBytes, *answer});
        m_entries.publish(std::move(entries));
    }
    question.answer->post(std::move(answer));
}

}  // namespace larder::api
