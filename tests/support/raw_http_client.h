// A blocking client that sends exactly the bytes it is given and reads with a deadline: for tests of what a server does
// with odd, broken and hostile input. One thread at a time. After a deadline or an error every read returns what it
// has.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace larder::support {

struct RawHttpReply {
    int status = 0;         // 0: no reply came
    std::string head;       // status line to empty line
    std::string body;       // chunks joined
    bool complete = false;  // ended as its framing says

    std::string header(std::string_view lowerCaseName) const;  // "" if missing
};

class RawHttpClient {
public:
    enum class End { Open, Closed, Reset, DeadlinePassed };

    // A receive buffer of 0 is the system's choice.
    explicit RawHttpClient(std::uint16_t port, const std::string& host = "127.0.0.1", int receiveBufferBytes = 0);
    ~RawHttpClient() { close(); }
    RawHttpClient(RawHttpClient&& other) noexcept;
    RawHttpClient& operator=(RawHttpClient&&) = delete;

    bool connected() const { return m_socket >= 0; }
    bool send(std::string_view bytes);  // false: the server closed, or takes nothing until the deadline
    std::size_t sendUntilBlocked(std::string_view bytes);  // repeats bytes while the server takes them; bytes sent

    std::string readUntil(std::string_view needle);  // up to and with the needle
    std::string readToEnd();
    RawHttpReply readReply(bool toHead = false);  // toHead: no body follows; skips "100 Continue"

    bool readable() const;  // now: bytes, or the end

    void endSending();  // FIN, reading goes on
    void close();       // FIN
    void reset();       // RST

    End end() const { return m_end; }

private:
    bool readMore();
    bool waitFor(short events);
    std::string take(std::size_t bytes);
    bool fill(std::size_t bytes);
    void readChunks(RawHttpReply& reply);

    int m_socket = -1;
    std::string m_received;
    End m_end = End::Open;
};

// Looks again and again until the condition holds; false when it does not within the deadline.
template <class Condition>
bool eventually(Condition condition, std::chrono::milliseconds deadline = std::chrono::seconds(20));

void pauseBetweenLooks();

template <class Condition>
bool eventually(Condition condition, std::chrono::milliseconds deadline) {
    const auto last = std::chrono::steady_clock::now() + deadline;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > last) return false;
        pauseBetweenLooks();
    }
    return true;
}

}  // namespace larder::support
