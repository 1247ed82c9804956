// Pictures reduced by whole numbers.
#pragma once
#include <cstddef>
#include <cstdint>

namespace tutela {

// Writes the means, rounded, of height x width squares of n pixels (4096 at most).
void reduce(const uint8_t* pixels, size_t stride, size_t height, size_t width, size_t n, uint8_t* out);

}  // namespace tutela
