// UsageCounters as whole numbers, in the order of the columns of usage.sqlite3: sums of rows are then exact. Times are
// microseconds. Pure functions; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/usage.h"

namespace larder::records {

inline constexpr std::array<const char*, 10> kFigureColumns = {
    "requests",         "prompt_tokens", "cached_tokens", "loaded_tokens", "computed_tokens",
    "generated_tokens", "prefill_us",    "decode_us",     "first_tokens",  "ttft_us"};

using UsageFigures = std::array<std::int64_t, kFigureColumns.size()>;

UsageFigures figuresOf(const UsageCounters& counters);
UsageCounters countersOf(const UsageFigures& figures);

UsageFigures plus(UsageFigures left, const UsageFigures& right);
UsageFigures minus(UsageFigures left, const UsageFigures& right);

}  // namespace larder::records
