#include "ui/charts/axis.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace larder::ui {

Axis roundAxis(double largest, double smallestTop, int mostSteps) {
    assert(smallestTop > 0 && mostSteps >= 1);
    // 1e15 keeps the labels and the arithmetic sane whatever a broken counter says.
    const double wanted = std::isfinite(largest) ? std::clamp(largest, smallestTop, 1e15) : smallestTop;
    double power = std::pow(10.0, std::floor(std::log10(wanted / mostSteps)));
    for (;; power *= 10) {
        for (const double factor : {1.0, 2.0, 5.0}) {
            const double step = factor * power;
            const double steps = std::ceil(wanted / step - 1e-9);
            if (steps <= mostSteps) return {steps * step, step};
        }
    }
}

}  // namespace larder::ui
