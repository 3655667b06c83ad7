// A server to talk to: the one that runs on the base directory, or, if there is none, one inside this process that ends
// with this object. The caller sees no difference. Main thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/error.h"
#include "engine/server.h"
#include "engine/settings.h"

namespace larder::app {

class Connection {
public:
    // Blocks while a server of our own loads the model. model is a name or a path; NotFound lists what there is.
    // stopAsked: see ServerStart.
    static Expected<Connection> open(const Settings& settings, const std::string& model, std::function<bool()> stopAsked);

    const std::string& address() const { return m_address; }
    const std::string& apiKey() const { return m_apiKey; }
    const std::string& model() const { return m_model; }  // as the server calls it
    bool isOwn() const { return m_own != nullptr; }             // the server ends with this object

private:
    std::string m_address;
    std::string m_apiKey;
    std::string m_model;
    std::unique_ptr<Server> m_own;
};

}  // namespace larder::app
