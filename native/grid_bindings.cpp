// Python's door to the separation of sheets; see bindings.cpp.
#include <algorithm>
#include <memory>
#include <string>

#include "bindings.h"
#include "forest.h"
#include "grid_outlines.h"
#include "grid_prints.h"
#include "grid_trim.h"
#include "grids.h"
#include "reduce.h"

namespace tutela {
namespace {

constexpr size_t kLongest = size_t{1} << 28;  // so that three bytes a pixel fit an int

// Brightness of RGB pixels: 8-bit BT.601, the weights adding up to 256.
auto luma(Rgb pixels) {
  const size_t height = pixels.shape(0), width = pixels.shape(1);
  if (height > kLongest || width > kLongest) throw nb::value_error("a side is longer than 2^28 pixels");
  auto kept = std::make_unique<std::vector<uint8_t>>(height * width);
  {
    nb::gil_scoped_release release;
    grid_luma(pixels.data(), static_cast<int>(height), static_cast<int>(width), kept->data());
  }
  uint8_t* data = kept->data();
  nb::capsule owner(kept.release(), [](void* p) noexcept { delete static_cast<std::vector<uint8_t>*>(p); });
  return nb::ndarray<nb::numpy, uint8_t, nb::ndim<2>>(data, {height, width}, owner);
}

// Means of squares of `by` pixels, rounded; what is left at the right and lower border is cut off.
auto reduced(Grey pixels, int by) {
  if (by < 1 || by > 4096) throw nb::value_error("a picture is reduced 1 to 4096 times");
  const size_t n = static_cast<size_t>(by), height = pixels.shape(0) / n, width = pixels.shape(1) / n, stride = pixels.shape(1);
  auto kept = std::make_unique<std::vector<uint8_t>>(height * width);
  {
    nb::gil_scoped_release release;
    reduce(pixels.data(), stride, height, width, n, kept->data());
  }
  uint8_t* data = kept->data();
  nb::capsule owner(kept.release(), [](void* p) noexcept { delete static_cast<std::vector<uint8_t>*>(p); });
  return nb::ndarray<nb::numpy, uint8_t, nb::ndim<2>>(data, {height, width}, owner);
}

// A picture's pixels, and what every look for its parts begins with.
struct HeldEvidence {
  explicit HeldEvidence(Grey given) : pixels(std::move(given)), seen(pixels.data(), side(0), side(1), static_cast<ptrdiff_t>(pixels.shape(1))) {}
  Grey pixels;
  Evidence seen;

 private:
  int side(size_t axis) const {
    if (pixels.shape(axis) > 65535) throw nb::value_error("a side is longer than 65535 pixels");
    return static_cast<int>(pixels.shape(axis));
  }
};

// Readings of a picture: cells as rows of x, y, width, height and confidence, and the features that a scorer reads.
auto separate(HeldEvidence& held) {
  std::vector<GridReading> found;
  {
    nb::gil_scoped_release release;
    found = separate_grid(held.seen);
  }
  nb::list readings;
  for (const GridReading& one : found) {
    std::vector<float> cells;
    for (const GridCell& cell : one.cells)
      for (const float value : {static_cast<float>(cell.x), static_cast<float>(cell.y), static_cast<float>(cell.width),
                                static_cast<float>(cell.height), cell.confidence})
        cells.push_back(value);
    readings.append(nb::make_tuple(give(std::move(cells)), give(std::vector<float>(one.features, one.features + kGridFeatures))));
  }
  return readings;
}

// Outlines of pictures within a page: boxes as rows of x, y, width and height, and the features of each.
auto page_outlines(HeldEvidence& held) {
  std::vector<Outline> found;
  {
    nb::gil_scoped_release release;
    found = outlines(held.seen);
  }
  std::vector<float> boxes, features;
  for (const Outline& one : found) {
    const Region& r = one.region;
    for (const int value : {r.x.from, r.y.from, r.x.size(), r.y.size()}) boxes.push_back(static_cast<float>(value));
    features.insert(features.end(), one.features, one.features + kOutlineFeatures);
  }
  return nb::make_tuple(give(std::move(boxes)), give(std::move(features)));
}

// Prints tilted on a still ground: rows of the middle's x and y, width, height, angle and how much of it stands out.
auto tilted_prints(Grey pixels) {
  if (pixels.shape(0) > 65535 || pixels.shape(1) > 65535) throw nb::value_error("a side is longer than 65535 pixels");
  std::vector<float> out;
  {
    nb::gil_scoped_release release;
    for (const Print& p : prints(pixels.data(), static_cast<int>(pixels.shape(0)), static_cast<int>(pixels.shape(1)), static_cast<ptrdiff_t>(pixels.shape(1))))
      for (const float value : {p.x, p.y, p.width, p.height, p.angle, p.fill}) out.push_back(value);
  }
  return give(std::move(out));
}

using Boxes = nb::ndarray<const int32_t, nb::shape<-1, 4>, nb::c_contig, nb::device::cpu>;

// Cells (x, y, width, height) with their edges where the ground between them ends.
auto trimmed(Grey pixels, Boxes boxes) {
  const auto height = static_cast<int64_t>(pixels.shape(0)), width = static_cast<int64_t>(pixels.shape(1));
  if (height > 65535 || width > 65535) throw nb::value_error("a side is longer than 65535 pixels");
  std::vector<Region> cells;
  for (size_t i = 0; i < boxes.shape(0); ++i) {
    const int64_t x = boxes(i, 0), y = boxes(i, 1), w = boxes(i, 2), h = boxes(i, 3);
    if (x < 0 || y < 0 || w < 1 || h < 1 || x + w > width || y + h > height) throw nb::value_error("a cell lies beyond the picture");
    cells.push_back({{boxes(i, 0), static_cast<int>(x + w)}, {boxes(i, 1), static_cast<int>(y + h)}});
  }
  {
    nb::gil_scoped_release release;
    trim(pixels.data(), static_cast<ptrdiff_t>(width), static_cast<int>(height), static_cast<int>(width), &cells);
  }
  std::vector<int32_t> out;
  for (const Region& r : cells)
    for (const int value : {r.x.from, r.y.from, r.x.size(), r.y.size()}) out.push_back(value);
  return give(std::move(out));
}

using Rows = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

// A forest that takes rows of `width` features.
struct HeldForest {
  Forest forest;
  size_t width;
};

void make_forest(HeldForest* self, std::vector<int16_t> feature, std::vector<float> split, std::vector<int32_t> left,
                 std::vector<int32_t> right, std::vector<int32_t> roots, size_t width) {
  Forest forest{std::move(feature), std::move(split), std::move(left), std::move(right), std::move(roots)};
  if (!forest.is_sound(width)) throw nb::value_error("nodes of the forest do not lead to leaves");
  new (self) HeldForest{std::move(forest), width};
}

auto sums_of_leaves(const HeldForest& self, Rows rows) {
  if (rows.shape(1) != self.width) throw nb::value_error("rows have another number of features than the forest");
  std::vector<double> sums;
  for (size_t i = 0; i < rows.shape(0); ++i) sums.push_back(self.forest.sum_of_leaves(rows.data() + i * self.width));
  return give(std::move(sums));
}

}  // namespace

void bind_grids(nb::module_& m) {
  nb::class_<HeldForest>(m, "Forest", "Decision trees whose leaves are summed.")
      .def("__init__", &make_forest, "feature"_a, "split"_a, "left"_a, "right"_a, "roots"_a, "width"_a)
      .def("sums", &sums_of_leaves, "rows"_a.noconvert());
  nb::class_<HeldEvidence>(m, "Evidence", "Brightness [height, width] and, once gathered, its lines; for one thread at a time.")
      .def(nb::init<Grey>(), "pixels"_a.noconvert());
  m.def("luma", &luma, "pixels"_a.noconvert(), "Brightness of RGB pixels (BT.601).");
  m.def("reduced", &reduced, "pixels"_a.noconvert(), "by"_a, "Means of squares of pixels.");
  m.def("outlines", &page_outlines, "evidence"_a, nb::sig("def outlines(evidence: Evidence) -> tuple[NDArray[numpy.float32], NDArray[numpy.float32]]"), "Outlines of pictures within a page: boxes, flat [4 n], and features, flat [49 n].");
  m.def("prints", &tilted_prints, "pixels"_a.noconvert(), nb::sig("def prints(pixels: NDArray[numpy.uint8]) -> NDArray[numpy.float32]"), "Prints tilted on a still ground: middle, size, angle in degrees and fill, flat [6 n].");
  m.def("trimmed", &trimmed, "pixels"_a.noconvert(), "cells"_a.noconvert(), nb::sig("def trimmed(pixels: NDArray[numpy.uint8], cells: NDArray[numpy.int32]) -> NDArray[numpy.int32]"), "Cells, [n, 4], with their edges where the ground between them ends: flat [4 n].");
  m.def("separate", &separate, "evidence"_a, nb::sig("def separate(evidence: Evidence) -> list[tuple[NDArray[numpy.float32], NDArray[numpy.float32]]]"), "Readings of a composite picture: cells, flat [5 n], and features [59].");
}

}  // namespace tutela
