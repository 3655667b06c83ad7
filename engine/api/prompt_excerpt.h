// Short readable pieces of prompts: what stands around a place in one, and the title of a request. Always valid UTF-8, cut at
// whole characters, control tokens by their names. Pure; any thread.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "engine/text/tokenizer.h"
#include "engine/types.h"

namespace larder::api {

// The text these tokens begin, or end, with; at most so many bytes.
std::string textFrom(const text::Tokenizer& tokenizer, std::span<const TokenId> ids, std::size_t mostBytes);
std::string textBefore(const text::Tokenizer& tokenizer, std::span<const TokenId> ids, std::size_t mostBytes);

// In quotation marks and on one line (\n for a line's end), with an ellipsis where it was cut.
std::string quoted(const std::string& text, std::size_t mostBytes);

// One line, runs of white space as one blank, at most mostBytes.
std::string oneLine(std::string_view text, std::size_t mostBytes);

}  // namespace larder::api
