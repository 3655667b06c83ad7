// Who may talk to the server: the Host check (against DNS rebinding), the Origin check (against web pages), the key.
// Pure functions; any thread.
//
// Host: a server bound to loopback answers only to localhost, *.localhost, 127.x.y.z and [::1], with any port; bound to
// another address, to any Host (a key is required then, and a rebinding page has none).
// Origin: only browsers send one. Accepted: pages served from loopback hosts (any scheme of http and https, any port),
// and pages of this very host (Origin equals Host). Origins that are no web host ("null", file:, tauri:,
// vscode-webview: and the like: desktop applications, local files) are accepted together with a valid key, and never
// when no key is set. All other web pages get 403, key or not.
#pragma once

#include <string>
#include <string_view>

#include "engine/api/http_server.h"

namespace larder::api {

bool isLoopbackHost(std::string_view host);  // "localhost", "127.0.0.1", "::1", "[::1]"; without port

// host: the Host header; boundHost: as in the settings.
bool hostIsAllowed(std::string_view host, std::string_view boundHost);

enum class OriginVerdict { Absent, Allowed, NeedsKey, Refused };
OriginVerdict judgeOrigin(std::string_view origin, std::string_view host);

// "Authorization: Bearer <key>" or "x-api-key: <key>"; compared in constant time. An empty key lets everyone in.
bool keyIsValid(const HttpRequest& request, std::string_view key);

// What a browser needs to let a page read the reply; for origins that are accepted.
HttpHeaders corsHeaders(std::string_view origin);
// The reply to a preflight, besides corsHeaders().
HttpHeaders preflightHeaders(const HttpRequest& request, std::string_view allowedMethods);

}  // namespace larder::api
