// Outlines of single pictures within a page or a screenshot: rectangles whose four sides stand out of flat ground.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "grid_lines.h"

namespace tutela {

// Features of an outline that a scorer reads; see grid_outlines.cpp for what each one is.
constexpr int kOutlineFeatures = 49;

struct Outline {
  Region region;
  float features[kOutlineFeatures] = {};
};

// The likelier outlines first; none where hardly anything of the picture is flat, as in a photograph.
std::vector<Outline> outlines(Evidence& evidence);

// Share of blocks of 8 x 8 pixels (one in `every` is looked at) of one tone, 0 to 1.
float flat_share(const uint8_t* pixels, int height, int width, ptrdiff_t stride, int every);

}  // namespace tutela
