// The last step of a separation: edges of cells where the ground between them ends, and sizes that agree.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "grid_lines.h"

namespace tutela {

// Moves the sides of cells to where the ground ends that lies between them, where it is of one tone, and gives cells of
// a lattice that are a little larger or smaller than the rest the size of the rest.
void trim(const uint8_t* pixels, ptrdiff_t stride, int height, int width, std::vector<Region>* cells);

}  // namespace tutela
