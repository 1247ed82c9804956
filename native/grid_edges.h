// Where exactly the cells of a reading begin and end.
#pragma once
#include <vector>

#include "grid_features.h"

namespace tutela {

// Moves the cells' edges to the pixel, with the same gutter at all lines, and takes frames off.
void refine(Evidence& seen, std::vector<Found>& found);

}  // namespace tutela
