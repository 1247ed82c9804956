// Where a picture is put together from others: seams, gutters, and the cells between them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tutela {

class Evidence;

struct GridCell {
  int32_t x, y, width, height;
  float confidence;
};

// Features of a separation that a scorer reads; see grids.cpp for what each one is.
constexpr int kGridFeatures = 59;

// One way to see a picture as put together from others.
struct GridReading {
  std::vector<GridCell> cells;
  float features[kGridFeatures] = {};
};

// A few readings, likelier ones first; none where nothing parts the picture.
std::vector<GridReading> separate_grid(Evidence& evidence);

// Brightness of RGB pixels that lie without gaps.
void grid_luma(const uint8_t* rgb, int height, int width, uint8_t* out);

// The inner loops, one set a CPU path; integers only, so that every path gives equal answers.
struct GridPath {
  const char* name;
  // Brightness of n RGB pixels: 8-bit BT.601, the weights adding up to 256.
  void (*luma)(const uint8_t* rgb, int n, uint8_t* out);
  // d[x] = the step of two pixels' sum across the line before x (at most 255), and sum[x] += d[x]; n is 4 at least.
  void (*steps)(const uint8_t* row, int n, uint8_t* d, uint16_t* sum);
  // least[x] = 3 more than twice the mean step around x, at most 254, where kReach neighbours lie on both sides; `sum` is of
  // kBand lines.
  void (*least)(const uint16_t* sum, int n, uint8_t* least);
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
