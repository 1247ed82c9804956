#include "pdq.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <tuple>
#include <vector>

#include "path.h"

namespace tutela {
namespace {

constexpr int kSamples = 64;
constexpr int kKept = 16;

// What one side's weights depend on.
struct Side {
  int length;     // of the whole picture
  int reduction;  // whole pixels in one that is there
  bool flipped;
  bool operator<(const Side& other) const {
    return std::tie(length, reduction, flipped) < std::tie(other.length, other.reduction, other.flipped);
  }
};

// The 64 sparse rows of A (or B) for one side.
struct Weights {
  int count = 0;   // most weights of any row
  int padded = 0;  // the same, up to a multiple of 16
  std::vector<int32_t> starts;
  std::vector<int32_t> counts;
  std::vector<float> values;  // [64][padded], zero beyond counts[i]
};

// The reference's box filter as a window: [left, right] is what output `index` averages.
struct Box {
  int before, after, last;
  Box(int length, int window) : before(window - (window + 2) / 2), after((window + 2) / 2 - 1), last(length - 1) {}
  int left(int index) const { return std::max(0, index - before); }
  int right(int index) const { return std::min(last, index + after); }
};

Weights make_weights(const Side& side) {
  const int length = side.length;
  const int window = (length + 2 * kSamples - 1) / (2 * kSamples);
  const Box box(length, window);
  Weights made;
  std::vector<std::vector<double>> rows(kSamples);
  for (int i = 0; i < kSamples; ++i) {
    const int at = static_cast<int>(((i + 0.5) * length) / kSamples);
    const int left = box.left(at), right = box.right(at);
    const int first = box.left(left), last = box.right(right);
    // In the stored picture's own pixels: where the response begins, and how many it covers.
    const int origin = side.flipped ? length - 1 - last : first;
    const int start = origin / side.reduction, end = (origin + last - first) / side.reduction;
    // A pixel's weight is the sum of the shares of all windows over it.  Each share is written down where its window begins and
    // taken away where it ends, and summed once: window by window would take time in the square of the side.
    std::vector<double> steps(static_cast<size_t>(last - first + 2), 0.0);
    for (int middle = left; middle <= right; ++middle) {
      const int from = box.left(middle), to = box.right(middle);
      const double share = 1.0 / (right - left + 1) / (to - from + 1);
      steps[static_cast<size_t>(from - first)] += share;
      steps[static_cast<size_t>(to + 1 - first)] -= share;
    }
    std::vector<double> row(static_cast<size_t>(end - start + 1), 0.0);
    double weight = 0.0;
    for (int k = first; k <= last; ++k) {
      weight += steps[static_cast<size_t>(k - first)];
      row[static_cast<size_t>((side.flipped ? length - 1 - k : k) / side.reduction - start)] += weight;
    }
    made.starts.push_back(start);
    made.counts.push_back(static_cast<int32_t>(row.size()));
    made.count = std::max(made.count, static_cast<int>(row.size()));
    rows[static_cast<size_t>(i)] = std::move(row);
  }
  made.padded = (made.count + 15) / 16 * 16;
  made.values.assign(static_cast<size_t>(kSamples * made.padded), 0.0f);
  for (int i = 0; i < kSamples; ++i)
    std::transform(rows[static_cast<size_t>(i)].begin(), rows[static_cast<size_t>(i)].end(),
                   made.values.begin() + static_cast<ptrdiff_t>(i * made.padded), [](double w) { return static_cast<float>(w); });
  return made;
}

constexpr size_t kKeptWeights = size_t{1} << 23;  // of all sides together: 32 MiB
constexpr size_t kKeptSide = size_t{1} << 18;     // of one side: 1 MiB, a side of about 250,000 pixels

// Weights are made once for each side; a server that meets every length keeps a bounded number of them.  They are made outside
// the lock, so that no picture waits for another's; two that make the same ones at the same time keep the first.
std::shared_ptr<const Weights> weights_for(const Side& side) {
  static std::mutex guard;
  static std::map<Side, std::shared_ptr<const Weights>> kept;
  static size_t held = 0;
  {
    const std::lock_guard<std::mutex> lock(guard);
    const auto found = kept.find(side);
    if (found != kept.end()) return found->second;
  }
  auto made = std::make_shared<const Weights>(make_weights(side));
  if (made->values.size() > kKeptSide) return made;
  const std::lock_guard<std::mutex> lock(guard);
  if (kept.size() >= 1024 || held + made->values.size() > kKeptWeights) {
    kept.clear();
    held = 0;
  }
  const auto [place, added] = kept.emplace(side, std::move(made));
  if (added) held += place->second->values.size();
  return place->second;
}

struct Grid {
  float at[kSamples][kSamples];
};

// samples = A . picture . B^T, laid upright.
void sample(const Picture& picture, Grid& upright) {
  const int turn = picture.orientation;
  const bool flip_rows = turn == 3 || turn == 4 || turn == 6 || turn == 7;
  const bool flip_columns = turn == 2 || turn == 3 || turn == 7 || turn == 8;
  const auto vertical = weights_for({picture.full_height, picture.reduction, flip_rows});
  const auto horizontal = weights_for({picture.full_width, picture.reduction, flip_columns});
  std::vector<float> row(static_cast<size_t>(picture.width + horizontal->padded), 0.0f);
  const auto weigh = picture.rgb ? path().weigh_rgb : path().weigh_grey;
  Grid stored;
  for (int i = 0; i < kSamples; ++i) {
    const size_t index = static_cast<size_t>(i);
    weigh(picture.pixels + vertical->starts[index] * picture.stride, picture.stride,
          vertical->values.data() + i * vertical->padded, vertical->counts[index], picture.width, row.data());
    path().dots(row.data(), horizontal->starts.data(), horizontal->values.data(), horizontal->padded, stored.at[i]);
  }
  if (turn < 5) {
    upright = stored;
    return;
  }
  for (int i = 0; i < kSamples; ++i)
    for (int j = 0; j < kSamples; ++j) upright.at[j][i] = stored.at[i][j];
}

// Sum of the significant steps between neighbouring samples over 90; the constants are the reference's.
int quality_of(const Grid& grid) { return std::min(path().gradients(&grid.at[0][0]) / 90, 100); }

struct Dct {
  float at[kKept][kKept];
};

// Coefficients 1 to 16 along each axis of the 64-point DCT-II: D . grid . D^T.
void transform(const Grid& grid, Dct& out) {
  struct Matrix {
    float at[kKept][kSamples];
    float turned[kSamples][kKept];
    Matrix() {
      const double pi = 3.14159265358979323846;
      const float scale = static_cast<float>(std::sqrt(2.0 / kSamples));
      for (int i = 0; i < kKept; ++i)
        for (int j = 0; j < kSamples; ++j)
          turned[j][i] = at[i][j] = static_cast<float>(scale * std::cos((pi / 2.0 / kSamples) * (i + 1) * (2 * j + 1)));
    }
  };
  static const Matrix matrix;
  path().transform(&grid.at[0][0], &matrix.at[0][0], &matrix.turned[0][0], &out.at[0][0]);
}

// Bit 16 i + j is set where the coefficient is above the median, the 128th smallest (what the reference's search by halving
// returns for 256 values).
void threshold(const Dct& dct, PdqHash& hash) {
  float sorted[kKept * kKept];
  std::memcpy(sorted, dct.at, sizeof sorted);
  std::nth_element(sorted, sorted + 127, sorted + kKept * kKept);
  const float median = sorted[127];
  std::memset(hash.value, 0, 32);
  hash.ties = -1;  // the median itself
  for (int i = 0; i < kKept; ++i)
    for (int j = 0; j < kKept; ++j) {
      const int bit = i * kKept + j;
      uint8_t& byte = hash.value[31 - bit / 8];
      if (dct.at[i][j] > median) byte = static_cast<uint8_t>(byte | (1u << (bit % 8)));
      if (std::fabs(dct.at[i][j] - median) < kPdqTie) ++hash.ties;
    }
}

// A flip of the picture negates every other coefficient along that axis; a transposition transposes them.
struct Turn {
  bool transpose, negate_even_rows, negate_even_columns, negate_odd_sum;
};
constexpr Turn kTurns[8] = {
    {false, false, false, false}, {true, false, true, false}, {false, false, false, true}, {true, true, false, false},
    {false, true, false, false},  {false, false, true, false}, {true, false, false, false}, {true, false, false, true},
};

void turn_dct(const Dct& dct, const Turn& turn, Dct& out) {
  for (int i = 0; i < kKept; ++i)
    for (int j = 0; j < kKept; ++j) {
      const bool negate = (turn.negate_even_rows && i % 2 == 0) || (turn.negate_even_columns && j % 2 == 0) ||
                          (turn.negate_odd_sum && (i + j) % 2 == 1);
      (turn.transpose ? out.at[j][i] : out.at[i][j]) = negate ? -dct.at[i][j] : dct.at[i][j];
    }
}

}  // namespace

PdqHash pdq(const Picture& picture) {
  Grid grid;
  sample(picture, grid);
  Dct dct;
  transform(grid, dct);
  PdqHash hash;
  threshold(dct, hash);
  hash.quality = quality_of(grid);
  return hash;
}

void pdq_orientations(const Picture& picture, PdqHash out[8]) {
  Grid grid;
  sample(picture, grid);
  Dct dct, turned;
  transform(grid, dct);
  const int quality = quality_of(grid);
  for (int i = 0; i < 8; ++i) {
    turn_dct(dct, kTurns[i], turned);
    threshold(turned, out[i]);
    out[i].quality = quality;
  }
}

}  // namespace tutela
