// The server of the service: started, stopped and shown on the board. Control thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "engine/server.h"
#include "engine/service_board.h"

namespace larder {

class ServiceServer {
public:
    // engineChanged: from engine threads; must not block.
    ServiceServer(ServiceBoard& board, std::function<void()> engineChanged);
    ~ServiceServer() { stop(); }

    // With the stored settings. No effect when it runs. The port opens; the default model is loaded in the background.
    Expected<void> start(FirstLoad firstLoad);
    void stop();  // bounded; a load under way is given up

    bool runs() const { return m_server != nullptr; }
    Server& server() { return *m_server; }  // REQUIRES runs()

    // Stored settings or the key changed: takes over what the running server can, shows the rest as restartNeeded.
    void settingsChanged();
    void keyChanged();

    // A model that could not be loaded is reported once, and so is trouble with the cache on the disk when it begins.
    void checkEngine();

private:
    void checkModels(const EngineStatus& status);
    void showStopped();
    void describeNextStart(ServiceSnapshot& snapshot) const;

    ServiceBoard& m_board;
    const std::function<void()> m_engineChanged;
    std::unique_ptr<Server> m_server;
    Settings m_startedWith;
    bool m_keyChanged = false;
    std::map<std::string, std::string> m_reportedFailures;  // by model
    std::string m_cacheProblem;                             // at the last check
};

}  // namespace larder
