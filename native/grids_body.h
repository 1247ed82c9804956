// The inner loops of grids.cpp, compiled once for each CPU path; see path_body.h.
#include "grids.h"

#include "grid_lines.h"


namespace tutela {
namespace {

void grid_luma_row(const uint8_t* __restrict rgb, int n, uint8_t* __restrict out) {
  for (int x = 0; x < n; ++x)
    out[x] = static_cast<uint8_t>(static_cast<uint16_t>(rgb[3 * x] * 77 + rgb[3 * x + 1] * 150 + rgb[3 * x + 2] * 29) >> 8);
}

void grid_steps(const uint8_t* __restrict row, int n, uint8_t* __restrict d, uint16_t* __restrict sum) {
  d[0] = d[1] = d[n - 1] = 0;
  for (int x = 2; x + 1 < n; ++x) {
    // 16 bits throughout: twice as many at a time as of the 32 that plain sums have.
    const auto here = static_cast<uint16_t>(row[x] + row[x + 1]), before = static_cast<uint16_t>(row[x - 1] + row[x - 2]);
    const auto size = static_cast<uint16_t>((here > before ? here : before) - (here > before ? before : here));
    d[x] = static_cast<uint8_t>(size > 255 ? 255 : size);
  }
  for (int x = 0; x < n; ++x) sum[x] = static_cast<uint16_t>(sum[x] + d[x]);
}

// The sums of 2 * kReach + 1 = 16 + 4 + 1 neighbours come from sums of 2, 4, 8 and 16, a block at a time; none exceeds
// 21 * 2040, so that 16 bits do.
void grid_least(const uint16_t* __restrict sum, int n, uint8_t* __restrict least) {
  constexpr int kBlock = 256, kMore = 32;
  uint16_t two[kBlock + kMore], four[kBlock + kMore], eight[kBlock + kMore];
  for (int x0 = kReach; x0 < n - kReach; x0 += kBlock) {
    const int left = n - kReach - x0, count = left < kBlock ? left : kBlock, reach = count + 2 * kReach;
    const uint16_t* s = sum + x0 - kReach;
    for (int i = 0; i + 1 < reach; ++i) two[i] = static_cast<uint16_t>(s[i] + s[i + 1]);
    for (int i = 0; i + 3 < reach; ++i) four[i] = static_cast<uint16_t>(two[i] + two[i + 2]);
    for (int i = 0; i + 7 < reach; ++i) eight[i] = static_cast<uint16_t>(four[i] + four[i + 4]);
    for (int i = 0; i < count; ++i) {
      const auto all = static_cast<uint16_t>(eight[i] + eight[i + 8] + four[i + 16] + s[i + 20]);
      // all * 49933 >> 22 is all / 84 for every sum that 168 steps can have.
      const auto mean2 = static_cast<uint16_t>((static_cast<uint32_t>(all) * 49933u >> 16) >> 6);
      least[x0 + i] = static_cast<uint8_t>(mean2 > 251 ? 254 : mean2 + 3);
    }
  }
}

void grid_seams(const uint8_t* __restrict d, const uint8_t* __restrict least, int n, uint8_t* __restrict count) {
  for (int x = 1; x + 1 < n; ++x)
    count[x] = static_cast<uint8_t>(count[x] + ((d[x] > least[x]) & (d[x] >= d[x - 1]) & (d[x] >= d[x + 1])));
}

void grid_rough(const uint8_t* __restrict a, const uint8_t* __restrict b, int n, int most, uint8_t* __restrict count) {
  const auto limit = static_cast<uint8_t>(most);
  for (int x = 0; x < n; ++x) {
    const auto apart = static_cast<uint8_t>((a[x] > b[x] ? a[x] : b[x]) - (a[x] > b[x] ? b[x] : a[x]));
    count[x] = static_cast<uint8_t>(count[x] + (apart > limit));
  }
}

}  // namespace

const GridPath TUTELA_GRIDS = {TUTELA_PATH_NAME, grid_luma_row, grid_steps, grid_least, grid_seams, grid_rough};

}  // namespace tutela
