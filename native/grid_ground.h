// The ground on which the pictures of a sheet lie, where it is of one tone, and what lies on it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "grid_lines.h"

namespace tutela {

constexpr int kToneWidth = 9;  // levels around the ground's tone that are ground too

// The tone that most pixels just beyond the cells have, if they have one.
std::optional<int> ground_tone(const uint8_t* pixels, ptrdiff_t stride, int height, int width, const std::vector<Region>& cells);

// Parts a region wherever a line of ground crosses what is left of it, and again: the pieces that may be pictures.
std::vector<Region> cut_at_ground(const uint8_t* pixels, ptrdiff_t stride, const Region& region, int tone);

}  // namespace tutela
