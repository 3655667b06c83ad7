#include "engine/api/sse.h"

namespace larder::api {

std::string sseFrame(const base::Json& value) {
    return "data: " + base::dumpJson(value) + "\n\n";
}

std::string sseDone() {
    return "data: [DONE]\n\n";
}

HttpHeaders sseHeaders() {
    return {{"Content-Type", "text/event-stream; charset=utf-8"},
            {"Cache-Control", "no-cache"},
            {"X-Accel-Buffering", "no"}};
}

}  // namespace larder::api
