#include "forest.h"

namespace tutela {

bool Forest::is_sound(size_t width) const {
  const size_t nodes = feature.size();
  if (split.size() != nodes || left.size() != nodes || right.size() != nodes) return false;
  for (const int32_t root : roots)
    if (root < 0 || static_cast<size_t>(root) >= nodes) return false;
  for (size_t i = 0; i < nodes; ++i) {
    if (feature[i] == -1) continue;
    if (feature[i] < 0 || static_cast<size_t>(feature[i]) >= width) return false;
    for (const int32_t child : {left[i], right[i]})
      if (child < 0 || static_cast<size_t>(child) <= i || static_cast<size_t>(child) >= nodes) return false;
  }
  return true;
}

double Forest::sum_of_leaves(const float* row) const {
  double sum = 0;
  for (const int32_t root : roots) {
    auto at = static_cast<size_t>(root);
    while (feature[at] >= 0) at = static_cast<size_t>(row[feature[at]] <= split[at] ? left[at] : right[at]);
    sum += split[at];
  }
  return sum;
}

}  // namespace tutela
