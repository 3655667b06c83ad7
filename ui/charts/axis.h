// Where a chart's value axis ends and which lines it has: round numbers, few of them. Pure; any thread.
#pragma once

namespace larder::ui {

struct Axis {
    double top = 1;    // at least the largest value, a multiple of step
    double step = 1;   // 1, 2 or 5 times a power of ten
    int steps() const { return static_cast<int>(top / step + 0.5); }
};

// largest as measured; anything that is not a positive number counts as no value yet and gives 0..smallestTop. At most
// mostSteps lines above zero.
Axis roundAxis(double largest, double smallestTop, int mostSteps);

}  // namespace larder::ui
