// The inner loops of grids.cpp, compiled once for each CPU path; see path_body.h.
#include "grids.h"

namespace tutela {
namespace {

void grid_luma_row(const uint8_t* __restrict rgb, int n, uint8_t* __restrict out) {
  for (int x = 0; x < n; ++x)
    out[x] = static_cast<uint8_t>(static_cast<uint16_t>(rgb[3 * x] * 77 + rgb[3 * x + 1] * 150 + rgb[3 * x + 2] * 29) >> 8);
}

void grid_steps(const uint8_t* __restrict row, int n, uint8_t* __restrict d, uint16_t* __restrict sum) {
  d[0] = d[1] = d[n - 1] = 0;
  for (int x = 2; x + 1 < n; ++x) {
    const int step = (row[x] + row[x + 1]) - (row[x - 1] + row[x - 2]);
    const int size = step < 0 ? -step : step;
    d[x] = static_cast<uint8_t>(size > 255 ? 255 : size);
  }
  for (int x = 0; x < n; ++x) sum[x] = static_cast<uint16_t>(sum[x] + d[x]);
}

void grid_seams(const uint8_t* __restrict d, const uint8_t* __restrict least, int n, uint8_t* __restrict count) {
  for (int x = 1; x + 1 < n; ++x)
    count[x] = static_cast<uint8_t>(count[x] + ((d[x] > least[x]) & (d[x] >= d[x - 1]) & (d[x] >= d[x + 1])));
}

void grid_rough(const uint8_t* __restrict a, const uint8_t* __restrict b, int n, int most, uint8_t* __restrict count) {
  for (int x = 0; x < n; ++x) {
    const int step = a[x] - b[x];
    count[x] = static_cast<uint8_t>(count[x] + ((step < 0 ? -step : step) > most));
  }
}

}  // namespace

const GridPath TUTELA_GRIDS = {TUTELA_PATH_NAME, grid_luma_row, grid_steps, grid_seams, grid_rough};

}  // namespace tutela
