// Sums of decision trees: what gradient boosting leaves behind.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tutela {

// All trees one after another.  A node asks whether feature[i] of a row is at most split[i] and goes to left[i] if so, to
// right[i] otherwise; a leaf has feature -1 and its value in split.
struct Forest {
  std::vector<int16_t> feature;
  std::vector<float> split;
  std::vector<int32_t> left, right, roots;

  // Whether every way through ends at a leaf: children come after their parents, features are below `width`.
  bool is_sound(size_t width) const;
  // The sum of the leaves that a row of features comes to.
  double sum_of_leaves(const float* row) const;
};

}  // namespace tutela
