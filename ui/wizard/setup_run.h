// What "Start server" does, one step after the other: look the model up on the hub, store the settings, queue the download,
// start the server. Stops at the first failure with nothing half done: the settings are stored after the look-up succeeded.
// One object for one try; what is under way is forgotten when it is deleted. GUI thread only.
#pragma once

#include <QObject>
#include <QString>
#include <optional>

#include "ui/engine_model.h"

namespace larder::ui {

// What the user decided. download is what was already looked up; lookUp still has to be.
struct SetupPlan {
    struct Download {
        Repository repository;
        DownloadChoice choice;
    };
    Settings settings;
    std::optional<ModelReference> lookUp;
    std::optional<Download> download;
    bool keyRenewed = false;    // a running server still asks for the old one
};

class SetupRun : public QObject {
    Q_OBJECT

public:
    SetupRun(EngineModel& model, SetupPlan plan, QObject* parent = nullptr);
    void start();               // exactly one of the last three signals follows

signals:
    void progress(const QString& sentence);
    void lookUpFailed(const QString& sentence);
    void saveFailed(const QString& sentence);
    void done();

private:
    void lookUp();
    void save();
    void finish(const Settings& before);

    EngineModel& m_model;
    SetupPlan m_plan;
};

}  // namespace larder::ui
