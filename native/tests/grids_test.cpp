// The separation's own test, built with AddressSanitizer and UBSan: pictures that are sheets, nearly sheets, patterns, noise and
// nothing, of odd sizes, in buffers of exactly their size, on every CPU path.  `grids_test [COUNT]`: so many random pictures.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "grid_outlines.h"
#include "grid_prints.h"
#include "grid_trim.h"
#include "grids.h"
#include "path.h"

using namespace tutela;

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "failed on path %s: %s\n", path().name, what);
  std::exit(1);
}

struct Picture {
  int height, width;
  std::vector<uint8_t> pixels;
  uint8_t& at(int x, int y) { return pixels[static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x)]; }
};

Picture plain(int height, int width, uint8_t tone) {
  return {height, width, std::vector<uint8_t>(static_cast<size_t>(height) * static_cast<size_t>(width), tone)};
}

// A rectangle of busy content, turned by an angle.
void paste(Picture& page, std::mt19937& random, double cx, double cy, double w, double h, double angle) {
  const double cos = std::cos(angle), sin = std::sin(angle), reach = std::hypot(w, h) / 2 + 1;
  const int phase = static_cast<int>(random() % 200), step = 3 + static_cast<int>(random() % 20);
  for (int y = std::max(0, static_cast<int>(cy - reach)); y < std::min(page.height, static_cast<int>(cy + reach)); ++y)
    for (int x = std::max(0, static_cast<int>(cx - reach)); x < std::min(page.width, static_cast<int>(cx + reach)); ++x) {
      const double u = (x - cx) * cos - (y - cy) * sin, v = (x - cx) * sin + (y - cy) * cos;
      if (std::abs(u) < w / 2 && std::abs(v) < h / 2)
        page.at(x, y) = static_cast<uint8_t>(phase + (static_cast<int>(u + w) / step * 37 + static_cast<int>(v + h) / step * 91) % 56);
    }
}

Picture sheet(std::mt19937& random, int columns, int rows, int w, int h, int gutter, double tilt) {
  Picture page = plain(rows * (h + gutter) + gutter, columns * (w + gutter) + gutter, static_cast<uint8_t>(random() % 256));
  std::uniform_real_distribution<double> turns(-tilt, tilt);
  for (int row = 0; row < rows; ++row)
    for (int column = 0; column < columns; ++column)
      paste(page, random, gutter + w / 2.0 + column * (w + gutter), gutter + h / 2.0 + row * (h + gutter), w, h, turns(random));
  return page;
}

Picture any(std::mt19937& random) {
  const auto upto = [&random](int least, int most) { return least + static_cast<int>(random() % static_cast<unsigned>(most - least + 1)); };
  switch (random() % 5) {
    case 0: return sheet(random, upto(1, 8), upto(1, 8), upto(20, 90), upto(20, 90), upto(0, 20), 0);
    case 1: return sheet(random, upto(1, 4), upto(1, 4), upto(40, 120), upto(40, 120), upto(30, 60), 0.3);
    case 2: {
      Picture page = plain(upto(1, 300), upto(1, 300), 0);
      const int tile = upto(1, 40);
      for (int y = 0; y < page.height; ++y)
        for (int x = 0; x < page.width; ++x) page.at(x, y) = static_cast<uint8_t>((x / tile * 2654435761u) ^ (y / tile * 40503u * (random() % 50 == 0)));
      return page;
    }
    case 3: {
      Picture page = plain(upto(1, 200), upto(1, 200), 0);
      for (uint8_t& v : page.pixels) v = static_cast<uint8_t>(random());
      return page;
    }
    default: return random() % 2 ? plain(upto(1, 3), upto(1, 3000), 90) : plain(upto(1, 3000), upto(1, 3), 90);
  }
}

void look(const Picture& page) {
  const uint8_t* pixels = page.pixels.data();
  Evidence evidence(pixels, page.height, page.width, page.width);
  for (const GridReading& reading : separate_grid(evidence)) {
    std::vector<Region> cells;
    for (const GridCell& c : reading.cells) {
      require(c.x >= 0 && c.y >= 0 && c.width > 0 && c.height > 0 && c.x + c.width <= page.width && c.y + c.height <= page.height, "a cell lies within the picture");
      cells.push_back({{c.x, c.x + c.width}, {c.y, c.y + c.height}});
    }
    trim(pixels, page.width, page.height, page.width, &cells);
    require(cells.size() == reading.cells.size(), "no cell is lost");
    for (const Region& r : cells)
      require(r.x.from >= 0 && r.y.from >= 0 && r.x.size() > 0 && r.y.size() > 0 && r.x.to <= page.width && r.y.to <= page.height, "a trimmed cell lies within the picture");
  }
  for (const Print& print : prints(pixels, page.height, page.width, page.width)) require(std::abs(print.angle) <= 45.01f && print.width > 0 && print.height > 0, "a print is turned by half a right angle at most");
  outlines(evidence);
}

}  // namespace

int main(int argc, char** argv) {
  const int count = argc > 1 ? std::atoi(argv[1]) : 150;
  for (const char* name : paths()) {
    use_path(name);
    std::mt19937 random(7);
    Picture grid = plain(4 * 83 + 8, 5 * 108 + 8, 250);
    for (int y = 0; y < 4; ++y)
      for (int x = 0; x < 5; ++x)
        for (int v = 0; v < 75; ++v)
          for (int u = 0; u < 100; ++u) grid.at(8 + x * 108 + u, 8 + y * 83 + v) = static_cast<uint8_t>(90 + 40 * std::sin(0.11 * u * (x + 1)) * std::cos(0.07 * v * (y + 2)) + random() % 9);
    size_t most = 0;
    Evidence evidence(grid.pixels.data(), grid.height, grid.width, grid.width);
    for (const GridReading& reading : separate_grid(evidence)) most = std::max(most, reading.cells.size());
    require(most == 20, "a plain sheet has its cells");
    for (int i = 0; i < count; ++i) look(any(random));
    std::printf("%s: %d pictures separated\n", name, count);
  }
  return 0;
}
