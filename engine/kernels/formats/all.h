// Every weight format there is, for the sources that make tables of them. Private to kernels.
#pragma once

#include "engine/kernels/formats/plain.h"
#include "engine/kernels/formats/q4_0.h"
#include "engine/kernels/formats/q4_1.h"
#include "engine/kernels/formats/q6_k.h"
#include "engine/kernels/formats/q8_0.h"

namespace larder::kernels {
namespace {

template <class... Formats>
struct FormatList {
    // Calls f with one value of each format's type.
    template <class F>
    static constexpr void forEach(const F& f) {
        (f(Formats{}), ...);
    }
};

using PlainFormats = FormatList<F32, F16, BF16>;
using QuantizedFormats = FormatList<Q4_0, Q4_1, Q8_0, Q6_K>;

}  // namespace
}  // namespace larder::kernels
