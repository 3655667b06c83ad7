// The ModelText of every model in use: each read once, by a thread of its own, and kept until its file changes.
// Any thread may ask; asking blocks while the file's metadata is read (tens of milliseconds, once).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/mailbox.h"
#include "engine/base/snapshot.h"
#include "engine/base/thread.h"
#include "engine/error.h"
#include "engine/models.h"
#include "engine/text/model_text.h"

namespace larder::api {

using SharedModelText = std::shared_ptr<const text::ModelText>;
using ModelTextLoader = std::function<Expected<SharedModelText>(const std::filesystem::path&)>;

class ModelTexts {
public:
    explicit ModelTexts(ModelTextLoader loader = text::loadModelText);
    ~ModelTexts();  // REQUIRES that nobody asks any more

    Expected<SharedModelText> get(const ModelInfo& model);

private:
    struct Entry {
        std::filesystem::path path;
        std::int64_t modifiedSeconds = 0;
        std::uint64_t fileBytes = 0;
        SharedModelText text;
    };
    using Answer = Expected<SharedModelText>;
    struct Question {
        ModelInfo model;
        std::shared_ptr<base::Mailbox<Answer>> answer;
    };

    SharedModelText find(const ModelInfo& model) const;
    void load(const Question& question);

    ModelTextLoader m_loader;
    base::Snapshot<std::vector<Entry>> m_entries;  // published by the thread only; the newest last
    base::Mailbox<Question> m_questions;
    base::Thread m_thread;
};

}  // namespace larder::api
