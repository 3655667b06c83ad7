// Cosines and sines for rotary position embedding (Su et al. 2021), computed in double with own sin, cos and pow, the
// same bits on every machine.
#pragma once

#include <span>
#include <vector>

namespace larder::kernels {

// Rotation per position of each pair, in radians: base^(-2 i / dims) / factors[i], i in [0, dims / 2). factors: empty
// (all 1) or dims / 2 divisors (llama3 scaling comes as such a table).
std::vector<double> ropeFrequencies(double base, int dims, std::span<const float> factors);

// cosines, sines: [frequencies.size()] for one position.
void ropeRow(std::span<const double> frequencies, int position, float* cosines, float* sines);

}  // namespace larder::kernels
