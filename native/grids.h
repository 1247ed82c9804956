// Where a picture is put together from others: seams, gutters, and the cells between them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tutela {

struct GridCell {
  int32_t x, y, width, height;
  float confidence;
};

// Features of a separation that a scorer reads; see grids.cpp for what each one is.
constexpr int kGridFeatures = 24;

struct Separation {
  int32_t layout = 0;  // 0 none, 1 grid, 2 mosaic, 3 embedded
  std::vector<GridCell> cells;
  float features[kGridFeatures] = {};
};

Separation separate_grid(const uint8_t* pixels, int height, int width, ptrdiff_t stride);

// The inner loops, one set a CPU path; integers only, so that every path gives equal answers.
struct GridPath {
  const char* name;
  // d[x] = the step of two pixels' sum across the line before x (at most 255), and sum[x] += d[x]; n is 4 at least.
  void (*steps)(const uint8_t* row, int n, uint8_t* d, uint16_t* sum);
  // count[x] += whether d[x] is above least[x] and above its neighbours.
  void (*seams)(const uint8_t* d, const uint8_t* least, int n, uint8_t* count);
  // count[x] += whether a[x] and b[x] differ by more than `most`.
  void (*rough)(const uint8_t* a, const uint8_t* b, int n, int most, uint8_t* count);
};

extern const GridPath kGridsPortable;
#if defined(__x86_64__)
extern const GridPath kGridsAvx2;
extern const GridPath kGridsAvx512;
#endif

}  // namespace tutela
