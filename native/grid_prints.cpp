#include "grid_prints.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
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

class Ground {
 public:
  Ground(const uint8_t* pixels, int height, int width, ptrdiff_t stride)
      : pixels_(pixels), stride_(stride), height_(height), width_(width), seen_(static_cast<size_t>(height) * static_cast<size_t>(width), 0) {
    for (int x = 0; x < width; ++x) reach(x, 0), reach(x, height - 1);
    for (int y = 0; y < height; ++y) reach(0, y), reach(width - 1, y);
    spread([this](int x, int y, int u, int v) { return std::abs(at(x, y) - at(u, v)) <= kStill; });
    ground_ = static_cast<float>(reached_) / static_cast<float>(seen_.size());
  }

  float share() const { return ground_; }

  // The pieces that do not belong to the ground, and how many pixels all together have.
  std::vector<Piece> pieces(long* all) {
    std::vector<Piece> out;
    *all = static_cast<long>(seen_.size()) - reached_;
    const long least = static_cast<long>(kLeastPrint * static_cast<float>(seen_.size()));
    for (int y = 0; y < height_; ++y)
      for (int x = 0; x < width_; ++x) {
        if (seen_[index(x, y)]) continue;
        Piece piece = taken(x, y);
        if (piece.area >= least && out.size() < kMostPrints) out.push_back(std::move(piece));
      }
    return out;
  }

 private:
  size_t index(int x, int y) const { return static_cast<size_t>(y) * static_cast<size_t>(width_) + static_cast<size_t>(x); }
  int at(int x, int y) const { return pixels_[y * stride_ + x]; }

  void reach(int x, int y) {
    uint8_t& seen = seen_[index(x, y)];
    if (seen) return;
    seen = 1, ++reached_;
    open_.push_back({x, y});
  }

  template <typename Joined>
  void spread(const Joined& joined) {
    while (!open_.empty()) {
      const auto [x, y] = open_.back();
      open_.pop_back();
      const std::pair<int, int> around[4] = {{x - 1, y}, {x + 1, y}, {x, y - 1}, {x, y + 1}};
      for (const auto& [u, v] : around)
        if (u >= 0 && v >= 0 && u < width_ && v < height_ && !seen_[index(u, v)] && joined(x, y, u, v)) reach(u, v);
    }
  }

  Piece taken(int x, int y) {
    const long before = reached_;
    Piece piece;
    piece.top = y, piece.left = x, piece.right = x + 1;
    const auto add = [&piece](int u, int v) {
      const auto row = static_cast<size_t>(v - piece.top);  // the first pixel that is met is in the first row
      if (piece.rows.size() <= row) piece.rows.resize(row + 1, {1 << 30, -1});
      piece.rows[row] = {std::min(piece.rows[row].first, u), std::max(piece.rows[row].second, u + 1)};
      piece.left = std::min(piece.left, u), piece.right = std::max(piece.right, u + 1);
    };
    reach(x, y);
    add(x, y);
    spread([&add](int, int, int u, int v) { return add(u, v), true; });
    piece.area = reached_ - before;
    return piece;
  }

  const uint8_t* pixels_;
  ptrdiff_t stride_;
  int height_, width_;
  std::vector<uint8_t> seen_;
  std::vector<std::pair<int, int>> open_;
  long reached_ = 0;
  float ground_ = 0;
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
