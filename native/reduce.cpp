#include "reduce.h"

#include <algorithm>
#include <vector>

namespace tutela {
namespace {

// kN: n where it is known, since dividing by what is known takes a fifth of the time.
template <size_t kN>
void reduce_by(const uint8_t* pixels, size_t stride, size_t height, size_t width, size_t any, uint8_t* out) {
  const size_t n = kN > 0 ? kN : any;
  const auto area = static_cast<uint32_t>(n * n);
  std::vector<uint32_t> columns(width * n);
  for (size_t y = 0; y < height; ++y) {
    std::fill(columns.begin(), columns.end(), 0u);
    for (size_t row = y * n; row < (y + 1) * n; ++row) {
      const uint8_t* from = pixels + row * stride;
      for (size_t x = 0; x < columns.size(); ++x) columns[x] += from[x];
    }
    for (size_t x = 0; x < width; ++x) {
      uint32_t sum = area / 2;
      for (size_t i = 0; i < n; ++i) sum += columns[x * n + i];
      out[y * width + x] = static_cast<uint8_t>(sum / area);
    }
  }
}

}  // namespace

void reduce(const uint8_t* pixels, size_t stride, size_t height, size_t width, size_t n, uint8_t* out) {
  const auto work = n == 2 ? reduce_by<2> : n == 3 ? reduce_by<3> : n == 4 ? reduce_by<4> : reduce_by<0>;
  work(pixels, stride, height, width, n, out);
}

}  // namespace tutela
