#include "join.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <stdexcept>

namespace tutela {
namespace {

const JoinPath& join_path() {
#if defined(__x86_64__)
  for (const JoinPath* candidate : {&kJoinAvx512, &kJoinAvx2})
    if (std::strcmp(candidate->name, path().name) == 0) return *candidate;
#endif
  return kJoinPortable;
}

// Equal codes that may equally be core are one row, of their number's weight; rows are in the order of their first appearance.
struct Stacks {
  std::vector<uint8_t> codes;      // [stacks][32], permuted
  std::vector<uint32_t> weights;   // [stacks]
  std::vector<uint8_t> never;      // [stacks]; empty without a mask
  std::vector<uint32_t> stack_of;  // [rows]

  Stacks(const uint8_t* given, size_t rows, const uint8_t* mask) : stack_of(rows) {
    struct Item {
      uint64_t head;
      uint32_t row;
    };
    std::vector<Item> items(rows);
    for (size_t row = 0; row < rows; ++row) {
      std::memcpy(&items[row].head, given + row * kCodeBytes, sizeof(uint64_t));
      items[row].row = static_cast<uint32_t>(row);
    }
    const auto compared = [&](const Item& a, const Item& b) {
      if (a.head != b.head) return a.head < b.head ? -1 : 1;
      const int order = std::memcmp(given + size_t{a.row} * kCodeBytes + 8, given + size_t{b.row} * kCodeBytes + 8, kCodeBytes - 8);
      return order || !mask ? order : (mask[a.row] != 0) - (mask[b.row] != 0);
    };
    std::sort(items.begin(), items.end(), [&](const Item& a, const Item& b) {
      const int order = compared(a, b);
      return order ? order < 0 : a.row < b.row;
    });
    // First every row points to the first row equal to it, then those are numbered.
    for (size_t i = 0, first = 0; i < rows; ++i) {
      if (compared(items[first], items[i])) first = i;
      stack_of[items[i].row] = items[first].row;
    }
    std::vector<Item>().swap(items);
    number(given, rows, mask);
  }

  size_t size() const { return weights.size(); }

 private:
  void number(const uint8_t* given, size_t rows, const uint8_t* mask) {
    size_t count = 0;
    for (size_t row = 0; row < rows; ++row) count += stack_of[row] == row;
    codes.resize(count * kCodeBytes);
    weights.reserve(count);
    for (size_t row = 0; row < rows; ++row) {
      if (stack_of[row] == row) {
        permute(given + row * kCodeBytes, codes.data() + weights.size() * kCodeBytes);
        stack_of[row] = static_cast<uint32_t>(weights.size());
        weights.push_back(1);
        if (mask) never.push_back(mask[row] != 0);
      } else {
        stack_of[row] = stack_of[stack_of[row]];  // the first of its stack came before, and has its number
        ++weights[stack_of[row]];
      }
    }
  }
};

uint16_t band_of(const uint8_t* code, int band) {
  uint16_t value;
  std::memcpy(&value, code + 2 * (band % kBands), 2);
  return value;
}

// Buckets of some 16 rows: one vector of keys, or two.
int join_bits_for(size_t rows) {
  if (rows < 512) return 0;
  int bits = 5;
  while (bits < 16 && (rows >> (bits + 1)) >= 16) ++bits;
  return bits;
}

// Whether joining buckets beats comparing everything: a comparison of keys costs less than one of codes, and a wide radius makes
// every band compare a good part of all pairs.
bool worthwhile(const SearchPlan& plan) {
  if (!plan.possible) return false;
  double share = 0.0;
  for (const int allowance : plan.allowance)
    if (allowance >= 0) share += plan.mask_count[std::min(allowance, 16)];
  return share / static_cast<double>(size_t{1} << plan.bucket_bits) < 2.0;
}

// The bands of some rows, one at a time.
class Bands {
 public:
  Bands(const std::vector<uint8_t>& codes, int radius)
      : rows_(codes.size() / kCodeBytes), codes_(codes.data()), plan_(radius, join_bits_for(rows_)),
        bits_(worthwhile(plan_) ? plan_.bucket_bits : 0), offsets_((size_t{1} << bits_) + 1), front_(size_t{1} << bits_),
        order_(rows_), spare_order_(rows_), keys_(rows_), spare_keys_(rows_) {}

  // Calls work(band) for each band that can tell pairs; inner(row) says whether a row lies in the front of its bucket.
  template <typename Inner, typename Work>
  void each(Inner inner, Work work, const std::function<void(double)>& step, double done) {
    const int bands = bits_ ? kBands : 1;
    for (int band = 0; band < bands; ++band) {
      if (bits_ && plan_.allowance[band] < 0) continue;
      sort(band, inner);
      work(BandRows{codes_, &plan_, band, bits_, offsets_.data(), front_.data(), order_.data(), keys_.data(), spare_order_.data(),
                    spare_keys_.data()});
      if (step) step(done + 0.5 * (band + 1) / bands);
    }
  }

 private:
  template <typename Inner>
  void sort(int band, Inner inner) {
    const auto bucket = [&](size_t row) {
      return bits_ ? static_cast<size_t>(band_of(codes_ + row * kCodeBytes, band) >> (16 - bits_)) : size_t{0};
    };
    std::fill(offsets_.begin(), offsets_.end(), 0u);
    std::fill(front_.begin(), front_.end(), 0u);
    for (size_t row = 0; row < rows_; ++row) {
      ++offsets_[bucket(row) + 1];
      front_[bucket(row)] += inner(row);
    }
    std::partial_sum(offsets_.begin(), offsets_.end(), offsets_.begin());
    std::vector<uint32_t> first(offsets_.begin(), offsets_.end() - 1), behind(first);
    for (size_t i = 0; i < front_.size(); ++i) behind[i] += front_[i];
    for (size_t row = 0; row < rows_; ++row) {
      const uint32_t place = inner(row) ? first[bucket(row)]++ : behind[bucket(row)]++;
      order_[place] = static_cast<uint32_t>(row);
      keys_[place] = bits_ ? band_of(codes_ + row * kCodeBytes, band + 1) : uint16_t{0};
    }
  }

  size_t rows_;
  const uint8_t* codes_;
  SearchPlan plan_;
  int bits_;
  std::vector<uint32_t> offsets_, front_, order_, spare_order_;
  std::vector<uint16_t> keys_, spare_keys_;
};

std::vector<uint32_t> counted(const Stacks& stacks, int radius, uint32_t enough, const std::function<void(double)>& step) {
  std::vector<uint32_t> counts(stacks.size());
  for (size_t i = 0; i < counts.size(); ++i) counts[i] = std::min(stacks.weights[i], enough);
  const Counting counting{stacks.weights.data(), stacks.never.empty() ? nullptr : stacks.never.data(), enough, counts.data()};
  bool any = false;
  for (size_t i = 0; i < counts.size() && !any; ++i) any = counting.wants(static_cast<uint32_t>(i));
  if (!any) return counts;
  Bands(stacks.codes, radius)
      .each([&](size_t row) { return counting.wants(static_cast<uint32_t>(row)); },
            [&](const BandRows& rows) { join_path().count_band(rows, counting); }, step, 0.0);
  return counts;
}

// The rows that can belong to a cluster: cores, and what may lie beside one.
struct Candidates {
  std::vector<uint32_t> stack;  // [candidates]
  std::vector<uint8_t> codes, core;

  Candidates(const Stacks& stacks, const std::vector<uint32_t>& counts, uint32_t enough) {
    for (size_t i = 0; i < stacks.size(); ++i) {
      const bool never = !stacks.never.empty() && stacks.never[i];
      const bool is_core = !never && counts[i] >= enough;
      // A row that counted nobody but its own copies has no neighbour at all; one that never counted may have.
      if (!is_core && !never && counts[i] == stacks.weights[i]) continue;
      stack.push_back(static_cast<uint32_t>(i));
      core.push_back(is_core);
    }
    codes.resize(stack.size() * kCodeBytes);
    for (size_t i = 0; i < stack.size(); ++i)
      std::memcpy(codes.data() + i * kCodeBytes, stacks.codes.data() + size_t{stack[i]} * kCodeBytes, kCodeBytes);
  }
};

// The stack that each stack's cluster is known by (its first core), or kNobody.
std::vector<uint32_t> linked(const Stacks& stacks, const Candidates& candidates, int radius, const std::function<void(double)>& step) {
  const size_t count = candidates.stack.size();
  std::vector<uint32_t> parent(count), beside(count, kNobody), nearest(count, kNobody), waiting(count);
  std::vector<uint16_t> distance(count, 0xFFFF);
  std::vector<uint8_t> several(count);
  std::iota(parent.begin(), parent.end(), 0u);
  const Linking linking{candidates.core.data(), parent.data(),   beside.data(), several.data(),
                        nearest.data(),         distance.data(), waiting.data()};
  const auto is_core = [&](size_t row) { return candidates.core[row] != 0; };
  const auto any = [](const std::vector<uint8_t>& flags, uint8_t value) {
    return std::find(flags.begin(), flags.end(), value) != flags.end();
  };
  Bands bands(candidates.codes, radius);
  if (count) bands.each(is_core, [&](const BandRows& rows) { join_path().link_band(rows, linking); }, step, 0.5);
  if (any(candidates.core, 0)) bands.each(is_core, [&](const BandRows& rows) { join_path().touch_band(rows, linking); }, nullptr, 1.0);
  if (any(several, 1)) bands.each(is_core, [&](const BandRows& rows) { join_path().choose_band(rows, linking); }, nullptr, 1.0);
  std::vector<uint32_t> known_by(stacks.size(), kNobody);
  for (size_t i = 0; i < count; ++i) {
    const uint32_t from = candidates.core[i] ? static_cast<uint32_t>(i) : several[i] ? nearest[i] : beside[i];
    if (from != kNobody) known_by[candidates.stack[i]] = candidates.stack[linking.root(from)];
  }
  return known_by;
}

}  // namespace

Labelled dbscan(const uint8_t* codes, size_t rows, int radius, uint32_t min_points, const uint8_t* never,
                const std::function<void(double)>& step) {
  if (rows >= kNobody) throw std::length_error("at most 2^32 - 2 codes can be clustered together");
  const Stacks stacks(codes, rows, never);
  const std::vector<uint32_t> counts = counted(stacks, radius, min_points, step);
  std::vector<uint32_t> known_by;
  {
    const Candidates candidates(stacks, counts, min_points);
    known_by = linked(stacks, candidates, radius, step);
  }
  Labelled made;
  made.labels.resize(rows);
  made.counts.resize(rows);
  // Stacks are in the order of their first rows, and a cluster is known by its first core: so numbers rise with that core's row.
  std::vector<int64_t> number(stacks.size(), -1);
  int64_t clusters = 0;
  for (size_t i = 0; i < stacks.size(); ++i)
    if (known_by[i] == i) number[i] = clusters++;
  for (size_t row = 0; row < rows; ++row) {
    const uint32_t stack = stacks.stack_of[row], by = known_by[stack];
    made.labels[row] = by == kNobody ? -1 : number[by];
    made.counts[row] = counts[stack];
  }
  return made;
}

}  // namespace tutela
