// Prints that lie tilted on a still ground: what no straight line parts.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tutela {

// A print: its middle, its sides and by how many degrees it is turned anticlockwise, -45 to 45; which share of that
// rectangle stands out from the ground.
struct Print {
  float x, y, width, height, angle, fill;
};

// Prints on a ground that changes slowly and reaches the picture's border; none unless they are most of what lies there.
std::vector<Print> prints(const uint8_t* pixels, int height, int width, ptrdiff_t stride);

}  // namespace tutela
