// One accepted TCP connection as a non-blocking descriptor. Not a QTcpSocket: Qt closes both directions when the client
// ends its own (half-close), and cannot tell that from a client that is gone. One thread at a time; owns the
// descriptor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace larder::api {

class HttpSocket {
public:
    enum class Outcome { Done, WouldBlock, Ended, Failed };  // Ended: the client sends nothing more
    struct Transfer {
        Outcome outcome = Outcome::Done;
        std::size_t bytes = 0;
    };

    explicit HttpSocket(std::intptr_t descriptor);  // takes it over
    ~HttpSocket() { close(); }
    HttpSocket(const HttpSocket&) = delete;
    HttpSocket& operator=(const HttpSocket&) = delete;

    Transfer read(char* into, std::size_t capacity);
    Transfer write(std::string_view bytes);  // as much as the system takes now
    void endWriting();                       // the client reads end of file; reading goes on
    bool failed() const;                     // reset by the client, or otherwise dead in both directions
    void reset();                            // closes such that the client sees an error, not an end
    void close();

    std::intptr_t descriptor() const { return m_descriptor; }

private:
    std::intptr_t m_descriptor;
};

}  // namespace larder::api
