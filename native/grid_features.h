// What a scorer reads of a reading: how its cells stand out, how regular and how alike they are.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "grid_lines.h"

namespace tutela {

struct Found {
  Region region;
  float confidence;
};

// Support of a region's sides that are not the picture's own border (-1 there): the mean, the least, and how many count.
struct Sides {
  float mean = 0, least = 1;
  int count = 0;
  float each[4];
};

Sides sides_of(const Axis& down, const Axis& over, const Region& r);

// Share of pixels that change, in either direction: 0 for an empty cell.
float roughness_of(const Axis& down, const Region& r);

// The same of a profile that is there already.
float roughness_of(const Profile& p);

// Writes kGridFeatures numbers; see grid_features.cpp for what each one is.
void describe(Evidence& seen, const std::vector<Found>& found, float* f);

}  // namespace tutela
