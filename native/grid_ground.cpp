#include "grid_ground.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace tutela {
namespace {

constexpr size_t kMostCells = 48;  // beyond whose sides the tone is looked for
constexpr int kMostPieces = 4096;
constexpr float kOther = 0.03f;    // share of a line of ground that may be something else

// Lines of pixels at the four sides of a cell, `o` pixels beyond it.
std::array<Region, 4> beyond(const Region& r, int o) {
  return {{{{r.x.from - 1 - o, r.x.from - o}, r.y}, {{r.x.to + o, r.x.to + o + 1}, r.y},
           {r.x, {r.y.from - 1 - o, r.y.from - o}}, {r.x, {r.y.to + o, r.y.to + o + 1}}}};
}

bool meet(const Region& a, const Region& b) {
  return a.x.from < b.x.to && b.x.from < a.x.to && a.y.from < b.y.to && b.y.from < a.y.to;
}

class Cutter {
 public:
  Cutter(const uint8_t* pixels, ptrdiff_t stride, int tone) : pixels_(pixels), stride_(stride), tone_(tone) {}

  void cut(Region r, int depth, std::vector<Region>* out) {
    if (++pieces_ > kMostPieces || r.x.size() < kSmallestCell || r.y.size() < kSmallestCell) return;
    count(r);
    const std::vector<Span> across = between(columns_, r.x, r.y.size()), down = between(rows_, r.y, r.x.size());
    if (across.empty() || down.empty()) return;
    const bool whole = across.size() == 1 && down.size() == 1;
    if (whole && across[0].size() == r.x.size() && down[0].size() == r.y.size()) {
      out->push_back(r);
      return;
    }
    if (depth == 0) return;
    if (whole) return cut({across[0], down[0]}, depth - 1, out);
    if (down.size() > 1 && widest(down) >= widest(across)) {
      for (const Span& y : down) cut({r.x, y}, depth - 1, out);
    } else {
      for (const Span& x : across) cut({x, r.y}, depth - 1, out);
    }
  }

 private:
  // How many pixels of each row and of each column of the region are ground.
  void count(const Region& r) {
    const auto wide = static_cast<size_t>(r.x.size());
    columns_.assign(wide, 0);
    rows_.assign(static_cast<size_t>(r.y.size()), 0);
    const int low = std::max(0, tone_ - kToneWidth), span = std::min(255, tone_ + kToneWidth) - low;
    // Bytes count for up to 255 rows: sixteen at a time.
    on_.resize(wide), counts_.resize(wide);
    for (int y0 = r.y.from; y0 < r.y.to; y0 += 255) {
      std::fill(counts_.begin(), counts_.end(), uint8_t{0});
      for (int y = y0; y < std::min(r.y.to, y0 + 255); ++y)
        rows_[static_cast<size_t>(y - r.y.from)] = static_cast<uint16_t>(
            count_row(pixels_ + y * stride_ + r.x.from, wide, static_cast<uint8_t>(low), static_cast<uint8_t>(span), on_.data(), counts_.data()));
      for (size_t x = 0; x < wide; ++x) columns_[x] = static_cast<uint16_t>(columns_[x] + counts_[x]);
    }
  }

  static int count_row(const uint8_t* __restrict row, size_t wide, uint8_t low, uint8_t span, uint8_t* __restrict on, uint8_t* __restrict counts) {
    for (size_t x = 0; x < wide; ++x) on[x] = static_cast<uint8_t>(row[x] - low) <= span;
    for (size_t x = 0; x < wide; ++x) counts[x] = static_cast<uint8_t>(counts[x] + on[x]);
    int sum = 0;
    for (size_t x = 0; x < wide; ++x) sum += on[x];
    return sum;
  }

  // What lies between lines of ground.
  static std::vector<Span> between(const std::vector<uint16_t>& ground, Span along, int length) {
    const int least = length - std::max(1, static_cast<int>(kOther * static_cast<float>(length)));
    std::vector<Span> out;
    int from = -1;
    const int n = along.size();
    for (int i = 0; i <= n; ++i) {
      const bool content = i < n && ground[static_cast<size_t>(i)] < least;
      if (content && from < 0) from = i;
      if (!content && from >= 0) out.push_back({along.from + from, along.from + i}), from = -1;
    }
    return out;
  }

  static int widest(const std::vector<Span>& parts) {
    int most = 0;
    for (size_t i = 0; i + 1 < parts.size(); ++i) most = std::max(most, parts[i + 1].from - parts[i].to);
    return most;
  }

  const uint8_t* pixels_;
  ptrdiff_t stride_;
  int tone_, pieces_ = 0;
  std::vector<uint16_t> rows_, columns_;
  std::vector<uint8_t> on_, counts_;
};

}  // namespace

std::optional<int> ground_tone(const uint8_t* pixels, ptrdiff_t stride, int height, int width, const std::vector<Region>& cells) {
  std::array<int, 256> counts{};
  int all = 0, sides = 0, free = 0;
  const size_t every = (cells.size() + kMostCells - 1) / kMostCells;
  for (size_t i = 0; i < cells.size(); i += every)
    for (int o = 1; o < 3; ++o)
      for (const Region& line : beyond(cells[i], o)) {
        if (line.x.from < 0 || line.y.from < 0 || line.x.to > width || line.y.to > height) continue;
        ++sides;
        if (std::any_of(cells.begin(), cells.end(), [&](const Region& r) { return meet(r, line); })) continue;
        ++free;
        const int length = std::max(line.x.size(), line.y.size()), step = std::max(1, length / 24);
        for (int t = 0; t < length; t += step, ++all)
          ++counts[line.x.size() == 1 ? pixels[(line.y.from + t) * stride + line.x.from] : pixels[line.y.from * stride + line.x.from + t]];
      }
  if (all < 64 || 5 * free < 2 * sides) return std::nullopt;
  int best = 0, most = 0;
  for (int tone = 0; tone < 256; ++tone) {
    int near = 0;
    for (int v = std::max(0, tone - 4); v <= std::min(255, tone + 4); ++v) near += counts[static_cast<size_t>(v)];
    if (near > most) best = tone, most = near;
  }
  return 2 * most >= all ? std::optional(best) : std::nullopt;
}

std::vector<Region> cut_at_ground(const uint8_t* pixels, ptrdiff_t stride, const Region& region, int tone) {
  std::vector<Region> out;
  Cutter(pixels, stride, tone).cut(region, 12, &out);
  return out;
}

}  // namespace tutela
