// What the sides of cells look like, pixel by pixel: gutters, steps, and what goes on beyond.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "grid_lines.h"

namespace tutela {

constexpr int kSideFeatures = 34;

// Writes kSideFeatures numbers about all sides of the cells that are not the picture's own border; see grid_sides.cpp for
// what each one is.  Sides are looked at where the cells say they are, so refine them first.
void describe_sides(Evidence& seen, const std::vector<Region>& cells, float* out);

// Takes frames off the cells: lines of one tone along a side, up to 8 pixels, that most cells have alike.
void take_frames_off(Evidence& seen, std::vector<Region>* cells);

}  // namespace tutela
