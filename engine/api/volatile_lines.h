// Lines that clients put into prompts for their own bookkeeping and that change from one conversation to the next. They say
// nothing to a model and cost the cached prefix behind them, so they are dropped before the template (design §5.8). Any thread.
#pragma once

#include <string>

namespace larder::api {

// Without every line that begins with "x-anthropic-billing-header:". Where such a line stands between blank lines, or between one
// and an end of the text, a blank line goes with it: what is left is what a client sends that never wrote it. Mentions within
// a line stay.
std::string withoutVolatileLines(std::string text);

}  // namespace larder::api
