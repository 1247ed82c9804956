#include "grid_prints.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace tutela {
namespace {

constexpr int kStill = 6;            // levels by which neighbours on the ground differ at most
constexpr float kLeastGround = 0.2f;   // of the picture
constexpr float kLeastPrint = 0.004f;  // of the picture
constexpr int kSmallestSide = 24;
constexpr float kLeastFill = 0.88f;  // of its rectangle that a print is
constexpr float kMostlyPrints = 0.4f;  // of all that stands out: headings do, too
constexpr float kStillBorder = 0.8f;   // of the picture's border, or it is no ground
constexpr size_t kMostPrints = 512;

struct Point {
  double x, y;
};

// What stands out in one piece: for each of its rows the first pixel and the one behind the last.
struct Piece {
  int top = 0, left = 0, right = 0;
  long area = 0;
  std::vector<std::pair<int, int>> rows;
};

// Sets that are joined, by number; the least number of a set stands for it.
class Sets {
 public:
  int add() {
    const int number = static_cast<int>(first_.size());
    first_.push_back(number);
    return number;
  }
  int of(int number) {
    while (first_[static_cast<size_t>(number)] != number) {
      int& next = first_[static_cast<size_t>(number)];
      number = next = first_[static_cast<size_t>(next)];
    }
    return number;
  }
  void join(int one, int other) {
    one = of(one), other = of(other);
    first_[static_cast<size_t>(std::max(one, other))] = std::min(one, other);
  }
  size_t size() const { return first_.size(); }

 private:
  std::vector<int> first_;
};

// The ground: what is joined to the picture's border by steps of a few levels.
class Ground {
 public:
  Ground(const uint8_t* pixels, int height, int width, ptrdiff_t stride) : height_(height), width_(width) {
    sets_.add();  // the border
    rows_.push_back(0);
    std::vector<uint8_t> breaks(static_cast<size_t>(width));
    for (int y = 0; y < height; ++y) {
      const uint8_t* row = pixels + y * stride;
      add_runs(row, breaks.data());
      if (y > 0) join_rows(row, row - stride);
      const size_t first = rows_[static_cast<size_t>(y)], last = rows_.back() - 1;
      const bool at_border = y == 0 || y == height - 1;
      for (size_t i = first; i <= last; ++i)
        if (at_border || i == first || i == last) sets_.join(kBorder, set_of(i));
    }
    for (size_t i = 0; i < runs_.size(); ++i) {
      runs_[i].ground = sets_.of(set_of(i)) == kBorder;
      if (runs_[i].ground) reached_ += runs_[i].to - runs_[i].from;
    }
  }

  float share() const { return static_cast<float>(reached_) / static_cast<float>(all()); }

  // The pieces that do not belong to the ground, and how many pixels all together have.
  std::vector<Piece> pieces(long* outside) const {
    *outside = all() - reached_;
    Sets sets;
    std::vector<Stretch> stretches;
    size_t above = 0, here = 0;
    for (int y = 0; y < height_; ++y) {
      above = here, here = stretches.size();
      add_stretches(y, &stretches);
      for (size_t i = here; i < stretches.size(); ++i) sets.add();
      size_t upper = above;
      for (size_t i = here; i < stretches.size(); ++i) {
        while (upper < here && stretches[upper].to <= stretches[i].from) ++upper;
        for (size_t j = upper; j < here && stretches[j].from < stretches[i].to; ++j) sets.join(static_cast<int>(j), static_cast<int>(i));
      }
    }
    return large(stretches, &sets);
  }

 private:
  // Neighbouring pixels of a row that are no ground.
  struct Stretch {
    int y, from, to;
  };

  long all() const { return static_cast<long>(height_) * width_; }

  // Neighbouring pixels of a row that differ by a few levels at most.
  struct Run {
    int from, to;
    bool ground = false;
  };

  static constexpr int kBorder = 0;
  static int set_of(size_t run) { return static_cast<int>(run) + 1; }

  void add_runs(const uint8_t* row, uint8_t* breaks) {
    for (int x = 1; x < width_; ++x) breaks[x] = std::abs(row[x] - row[x - 1]) > kStill;
    for (int from = 0; from < width_;) {
      int to = from + 1;
      for (uint64_t eight = 0; to + 8 <= width_; to += 8) {
        std::memcpy(&eight, breaks + to, sizeof eight);
        if (eight != 0) break;
      }
      while (to < width_ && !breaks[to]) ++to;
      runs_.push_back({from, to});
      sets_.add();
      from = to;
    }
    rows_.push_back(runs_.size());
  }

  // Joins the runs of the last row with those of the one before it, where a pixel is like the one above it.
  void join_rows(const uint8_t* row, const uint8_t* before) {
    const size_t end = rows_.back(), middle = rows_[rows_.size() - 2];
    size_t above = rows_[rows_.size() - 3];
    for (size_t i = middle; i < end; ++i)
      for (; above < middle; ++above) {
        const int from = std::max(runs_[i].from, runs_[above].from), to = std::min(runs_[i].to, runs_[above].to);
        for (int x = from; x < to; ++x)
          if (std::abs(row[x] - before[x]) <= kStill) {
            sets_.join(set_of(i), set_of(above));
            break;
          }
        if (runs_[above].to >= runs_[i].to) break;  // it may reach beyond, into the next run
      }
  }

  void add_stretches(int y, std::vector<Stretch>* out) const {
    const size_t end = rows_[static_cast<size_t>(y) + 1];
    for (size_t i = rows_[static_cast<size_t>(y)]; i < end; ++i) {
      if (runs_[i].ground) continue;
      const int from = runs_[i].from;
      while (i + 1 < end && !runs_[i + 1].ground) ++i;
      out->push_back({y, from, runs_[i].to});
    }
  }

  // Pieces that are large enough to be prints, in the order of their first pixels.
  std::vector<Piece> large(const std::vector<Stretch>& stretches, Sets* sets) const {
    std::vector<long> areas(stretches.size(), 0);
    for (size_t i = 0; i < stretches.size(); ++i) areas[static_cast<size_t>(sets->of(static_cast<int>(i)))] += stretches[i].to - stretches[i].from;
    const long least = static_cast<long>(kLeastPrint * static_cast<float>(all()));
    std::vector<Piece> out;
    std::vector<int> number(stretches.size(), -1);
    for (size_t i = 0; i < stretches.size(); ++i) {
      const auto first = static_cast<size_t>(sets->of(static_cast<int>(i)));
      if (areas[first] < least) continue;
      const auto [y, from, to] = stretches[i];
      if (first == i) {
        if (out.size() == kMostPrints) continue;
        number[i] = static_cast<int>(out.size());
        Piece& piece = out.emplace_back();
        piece.top = y, piece.left = from, piece.right = to, piece.area = areas[i];
      }
      if (number[first] < 0) continue;
      Piece& piece = out[static_cast<size_t>(number[first])];
      const auto row = static_cast<size_t>(y - piece.top);
      if (piece.rows.size() <= row) piece.rows.resize(row + 1, {1 << 30, -1});
      piece.rows[row] = {std::min(piece.rows[row].first, from), std::max(piece.rows[row].second, to)};
      piece.left = std::min(piece.left, from), piece.right = std::max(piece.right, to);
    }
    return out;
  }

  int height_, width_;
  std::vector<Run> runs_;
  std::vector<size_t> rows_;  // where each row's runs begin
  Sets sets_;                 // the border, and each run
  long reached_ = 0;
};

double turn_of(const Point& a, const Point& b, const Point& c) { return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x); }

// The convex hull of a piece's pixels (Andrew's monotone chain, over corners that come in the order of their rows).
std::vector<Point> hull_of(const Piece& piece) {
  std::vector<Point> corners;
  for (size_t row = 0; row < piece.rows.size(); ++row)
    for (const double y : {piece.top + static_cast<double>(row), piece.top + static_cast<double>(row) + 1})
      for (const int x : {piece.rows[row].first, piece.rows[row].second}) corners.push_back({static_cast<double>(x), y});
  std::sort(corners.begin(), corners.end(), [](const Point& a, const Point& b) { return a.x != b.x ? a.x < b.x : a.y < b.y; });
  std::vector<Point> hull;
  for (int side = 0; side < 2; ++side) {
    const size_t start = hull.size();
    for (const Point& p : corners) {
      while (hull.size() >= start + 2 && turn_of(hull[hull.size() - 2], hull.back(), p) <= 0) hull.pop_back();
      hull.push_back(p);
    }
    hull.pop_back();
    std::reverse(corners.begin(), corners.end());
  }
  return hull;
}

// The smallest rectangle around a hull: one of its sides lies along one of the hull's.
Print around(const std::vector<Point>& hull, long area) {
  Print best{0, 0, 0, 0, 0, 0};
  double least = 0;
  for (size_t i = 0; i < hull.size(); ++i) {
    const Point &a = hull[i], &b = hull[(i + 1) % hull.size()];
    const double length = std::hypot(b.x - a.x, b.y - a.y);
    if (length < 1e-9) continue;
    double ux = (b.x - a.x) / length, uy = (b.y - a.y) / length;
    // The direction nearest to the right: prints are turned by less than half a right angle.
    if (std::abs(uy) > std::abs(ux)) std::swap(ux, uy), uy = -uy;
    if (ux < 0) ux = -ux, uy = -uy;
    double low_u = 1e18, high_u = -1e18, low_v = 1e18, high_v = -1e18;
    for (const Point& p : hull) {
      const double u = p.x * ux + p.y * uy, v = p.y * ux - p.x * uy;
      low_u = std::min(low_u, u), high_u = std::max(high_u, u), low_v = std::min(low_v, v), high_v = std::max(high_v, v);
    }
    const double size = (high_u - low_u) * (high_v - low_v);
    if (least > 0 && size >= least) continue;
    least = size;
    const double u = (low_u + high_u) / 2, v = (low_v + high_v) / 2;
    best = {static_cast<float>(u * ux - v * uy), static_cast<float>(u * uy + v * ux), static_cast<float>(high_u - low_u),
            static_cast<float>(high_v - low_v), static_cast<float>(-std::atan2(uy, ux) * 180 / 3.14159265358979), 0};
  }
  if (least > 0) best.fill = static_cast<float>(static_cast<double>(area) / least);
  return best;
}

// Whether most of the picture's border is ground: soon told, and of most photographs it is not so.
bool still_border(const uint8_t* pixels, int height, int width, ptrdiff_t stride) {
  int still = 0, all = 0;
  const auto look = [&](const uint8_t* first, ptrdiff_t step, int length) {
    for (int i = 4; i < length; i += 4, ++all) still += std::abs(first[i * step] - first[(i - 4) * step]) <= 2 * kStill;
  };
  look(pixels, 1, width), look(pixels + (height - 1) * stride, 1, width);
  look(pixels, stride, height), look(pixels + width - 1, stride, height);
  return static_cast<float>(still) >= kStillBorder * static_cast<float>(all);
}

}  // namespace

std::vector<Print> prints(const uint8_t* pixels, int height, int width, ptrdiff_t stride) {
  std::vector<Print> out;
  if (height < 2 * kSmallestSide || width < 2 * kSmallestSide) return out;
  if (!still_border(pixels, height, width, stride)) return out;
  Ground ground(pixels, height, width, stride);
  if (ground.share() < kLeastGround) return out;
  long all = 0, good = 0;
  for (const Piece& piece : ground.pieces(&all)) {
    if (static_cast<int>(piece.rows.size()) < kSmallestSide || piece.right - piece.left < kSmallestSide) continue;
    const Print print = around(hull_of(piece), piece.area);
    if (print.fill < kLeastFill || print.width < kSmallestSide || print.height < kSmallestSide) continue;
    if (print.width > 5 * print.height || print.height > 5 * print.width) continue;
    good += piece.area;
    out.push_back(print);
  }
  if (static_cast<float>(good) < kMostlyPrints * static_cast<float>(all)) out.clear();
  return out;
}

}  // namespace tutela
