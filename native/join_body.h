// The inner loops of the join (join.h), compiled once for each CPU path by the file that includes this one after path_body.h,
// under the same rule: internal linkage, nothing of the standard library.
#include "join.h"

namespace tutela {
namespace {

constexpr size_t kRefresh = 64;     // outer rows between two looks at which inner rows still want neighbours
constexpr size_t kWorthwhile = 256;  // inner rows from which that look pays
constexpr size_t kPiece = 512;       // inner rows between two looks whether the outer row still wants to know more

// Some rows with their keys; the first `front` of them are those of the fronts of their buckets.
struct Some {
  uint32_t* order;
  uint16_t* keys;
  size_t front, count;

  void exchange(size_t a, size_t b) const {
    const uint32_t row = order[a];
    order[a] = order[b];
    order[b] = row;
    const uint16_t key = keys[a];
    keys[a] = keys[b];
    keys[b] = key;
  }
};

// Calls found(place, bits) for the places [first, last) of `inner` whose rows lie within the radius of `row`, unless open(place) says
// that it does not matter; places are gathered first, so that their codes are under way when they are compared.
template <typename Open, typename Found>
inline void near_places(const BandRows& rows, const Some& inner, size_t first, size_t last, uint32_t row, uint16_t key, int limit,
                        Open open, Found found) {
  constexpr int kGather = 64;
  if (first >= last) return;
  size_t gathered[kGather];
  int count = 0;
  const uint8_t* code = rows.codes + size_t{row} * kCodeBytes;
  const auto compare = [&] {
    for (int c = 0; c < count; ++c) {
      const int bits = distance(code, rows.codes + size_t{inner.order[gathered[c]]} * kCodeBytes);
      if (bits <= rows.plan->radius) found(gathered[c], bits);
    }
    count = 0;
  };
  filter(inner.keys + first, last - first, key, limit, [&](size_t k) {
    const size_t place = first + k;
    if (!open(place)) return;
    __builtin_prefetch(rows.codes + size_t{inner.order[place]} * kCodeBytes);
    gathered[count++] = place;
    if (count == kGather) compare();
  });
  compare();
}

// Whether a pair comes up in a band before this one, where it was counted.
inline bool met_before(const BandRows& rows, uint32_t a, uint32_t b) {
  if (rows.bucket_bits == 0) return false;
  const Bands x(rows.codes + size_t{a} * kCodeBytes), y(rows.codes + size_t{b} * kCodeBytes);
  const int dropped = 16 - rows.bucket_bits;
  for (int earlier = 0; earlier < rows.band; ++earlier) {
    const int own = popcount64(static_cast<uint64_t>((x.at[earlier] ^ y.at[earlier]) >> dropped));
    if (own <= rows.plan->allowance[earlier] &&
        own + popcount64(static_cast<uint64_t>(x.following(earlier) ^ y.following(earlier))) <= rows.plan->limit[earlier])
      return true;
  }
  return false;
}

// Copies the rows of the buckets after `bucket` whose numbers differ from it in the masks [from, to): all fronts, then the rest.
inline Some gathered(const BandRows& rows, uint32_t bucket, uint32_t from, uint32_t to) {
  Some some{rows.spare_order, rows.spare_keys, 0, 0};
  const auto take = [&](size_t begin, size_t end) {
    if (begin == end) return;
    std::memcpy(some.order + some.count, rows.order + begin, (end - begin) * sizeof(uint32_t));
    std::memcpy(some.keys + some.count, rows.keys + begin, (end - begin) * sizeof(uint16_t));
    some.count += end - begin;
  };
  for (uint32_t mask = from; mask < to; ++mask) {
    const uint32_t other = bucket ^ rows.plan->masks[mask];
    if (other >= bucket) take(rows.offsets[other], rows.offsets[other] + rows.front[other]);
  }
  some.front = some.count;
  for (uint32_t mask = from; mask < to; ++mask) {
    const uint32_t other = bucket ^ rows.plan->masks[mask];
    if (other >= bucket) take(rows.offsets[other] + rows.front[other], rows.offsets[other + 1]);
  }
  return some;
}

// Calls join(outer, inner, limit, same) until all rows that can lie within the radius of each other have been outer and inner;
// `same`: both are one bucket, and `inner` a copy of it.
template <typename Join>
inline void each_bucket(const BandRows& rows, Join join) {
  const int allowance = rows.bucket_bits ? rows.plan->allowance[rows.band] : 0;
  const uint32_t buckets = 1u << rows.bucket_bits;
  for (uint32_t bucket = 0; bucket < buckets; ++bucket) {
    const size_t begin = rows.offsets[bucket], end = rows.offsets[bucket + 1];
    if (begin == end) continue;
    const Some outer{rows.order + begin, rows.keys + begin, rows.front[bucket], end - begin};
    for (int bits = 0; bits <= allowance && bits <= rows.bucket_bits; ++bits) {
      const uint32_t from = bits ? rows.plan->mask_count[bits - 1] : 0;
      const Some inner = gathered(rows, bucket, from, bits ? rows.plan->mask_count[bits] : 1);
      if (inner.count) join(outer, inner, rows.bucket_bits ? rows.plan->limit[rows.band] - bits : 16, bits == 0);
    }
  }
}

// ---------------------------------------------------------------------------------------------- counting

class Counter {
 public:
  Counter(const BandRows& rows, const Counting& counting) : rows_(rows), counting_(counting) {}

  void run() {
    each_bucket(rows_, [&](const Some& outer, Some inner, int limit, bool same) {
      if (outer.front || inner.front) join(same ? inner : outer, inner, limit, same);
    });
  }

 private:
  void join(const Some& outer, Some& inner, int limit, bool same) {
    for (size_t place = 0; place < outer.count; ++place) {
      const size_t first = same ? place + 1 : 0;
      if (place % kRefresh == 0 && inner.front > first + kWorthwhile) refresh(inner, first);
      const uint32_t row = outer.order[place];
      const uint16_t key = outer.keys[place];
      if (counting_.wants(row)) {
        count(row, key, inner, first, inner.front, limit);
        for (size_t at = inner.front > first ? inner.front : first; at < inner.count && counting_.wants(row); at += kPiece)
          count(row, key, inner, at, least(at + kPiece, inner.count), limit);
      } else if (inner.front > first) {
        count(row, key, inner, first, inner.front, limit);
      } else if (place >= outer.front) {
        return;  // nor does any outer row from here on want neighbours
      }
    }
  }

  void count(uint32_t row, uint16_t key, const Some& inner, size_t first, size_t last, int limit) {
    const auto open = [&](size_t at) { return counting_.wants(row) || counting_.wants(inner.order[at]); };
    near_places(rows_, inner, first, last, row, key, limit, open, [&](size_t at, int) {
      const uint32_t other = inner.order[at];
      const bool one = counting_.wants(row), two = counting_.wants(other);
      if ((!one && !two) || met_before(rows_, row, other)) return;
      if (one) add(row, counting_.weights[other]);
      if (two) add(other, counting_.weights[row]);
    });
  }

  void add(uint32_t row, uint32_t weight) { counting_.counts[row] += least(weight, counting_.enough - counting_.counts[row]); }

  // Moves the rows from `first` on that want no more neighbours behind those that do.
  void refresh(Some& some, size_t first) {
    for (size_t place = first; place < some.front;) {
      if (counting_.wants(some.order[place]))
        ++place;
      else
        some.exchange(place, --some.front);
    }
  }

  const BandRows& rows_;
  const Counting& counting_;
};

// ----------------------------------------------------------------------------------------------- linking

class Linker {
 public:
  Linker(const BandRows& rows, const Linking& linking) : rows_(rows), linking_(linking) {}

  void run() {
    each_bucket(rows_, [&](const Some& outer, const Some& inner, int limit, bool same) { link_cores(outer, inner, limit, same); });
  }

 private:
  void link_cores(const Some& outer, const Some& inner, int limit, bool same) {
    size_t left = 4 * (outer.front + inner.front) + kWorthwhile;  // likely pairs before the buckets count as dense
    for (size_t place = 0; place < outer.front; ++place) {
      const uint32_t row = outer.order[place], root = linking_.root(row);
      size_t likely = 0;
      const auto open = [&](size_t at) { return ++likely, linking_.root(inner.order[at]) != root; };
      near_places(rows_, inner, same ? place + 1 : 0, inner.front, row, outer.keys[place], limit, open,
                  [&](size_t at, int) { linking_.link(row, inner.order[at]); });
      if (likely > left) {
        spread(outer, inner, limit, same);
        return;
      }
      left -= likely;
    }
  }

  bool linked(const Some& some, uint32_t root) const {
    for (size_t place = 0; place < some.front; ++place)
      if (linking_.root(some.order[place]) != root) return false;
    return true;
  }

  // Dense buckets are linked as a fire spreads: each row looks at those not reached yet only, and there are few of them soon.
  void spread(const Some& outer, Some left, int limit, bool same) {
    const uint32_t root = linking_.root(outer.order[0]);
    if (linked(outer, root) && (same || linked(left, root))) return;
    left.count = left.front;
    if (!same) {
      std::memcpy(left.order + left.count, outer.order, outer.front * sizeof(uint32_t));
      std::memcpy(left.keys + left.count, outer.keys, outer.front * sizeof(uint16_t));
      left.count += outer.front;
    }
    while (left.count > 0) {
      size_t waiting = 0;
      linking_.waiting[waiting++] = left.order[--left.count];
      while (waiting > 0 && left.count > 0) reach(linking_.waiting[--waiting], limit, left, waiting);
    }
  }

  // Links a row with all in `left` that lie near it, and moves them from there to those that wait.
  void reach(uint32_t row, int limit, Some& left, size_t& waiting) {
    uint16_t key = 0;
    if (rows_.bucket_bits) key = Bands(rows_.codes + size_t{row} * kCodeBytes).following(rows_.band);
    const size_t before = waiting;
    const auto open = [](size_t) { return true; };
    near_places(rows_, left, 0, left.count, row, key, limit, open, [&](size_t at, int) {
      linking_.link(row, left.order[at]);
      linking_.waiting[waiting++] = static_cast<uint32_t>(at);  // a place for now: rows move only once all are known
    });
    for (size_t at = waiting; at-- > before;) {
      // From the last place down: what is moved in comes from behind, so the places still to be read stay what they are.
      const size_t place = linking_.waiting[at];
      linking_.waiting[at] = left.order[place];
      left.exchange(place, --left.count);
    }
  }

  const BandRows& rows_;
  const Linking& linking_;
};

// ---------------------------------------------------------------------------------------------- adopting

// Rows that are no core, once all cores are linked.
class Adopter {
 public:
  Adopter(const BandRows& rows, const Linking& linking) : rows_(rows), linking_(linking) {}

  // Finds out for each whether it lies beside no cluster, one or several.
  void touch() {
    each_bucket(rows_, [&](const Some& outer, const Some& inner, int limit, bool same) {
      touch(outer, inner, limit);
      if (!same) touch(inner, outer, limit);
    });
  }

  // Finds the nearest core of those beside several.
  void choose() {
    each_bucket(rows_, [&](const Some& outer, const Some& inner, int limit, bool same) {
      choose(outer, inner, limit);
      if (!same) choose(inner, outer, limit);
    });
  }

 private:
  void touch(const Some& orphans, const Some& cores, int limit) {
    if (orphans.front == orphans.count || cores.front == 0) return;
    // Where cores lie dense, most pieces of them are of one cluster, and are passed over by rows that lie beside it.
    uint32_t* roots = linking_.waiting;
    for (size_t at = 0; at < cores.front; at += kPiece) roots[at / kPiece] = linked(cores, at, least(at + kPiece, cores.front));
    for (size_t place = orphans.front; place < orphans.count; ++place) {
      const uint32_t row = orphans.order[place];
      const auto open = [&](size_t at) { return linking_.root(cores.order[at]) != linking_.beside[row]; };
      for (size_t at = 0; at < cores.front && !linking_.several[row]; at += kPiece) {
        if (roots[at / kPiece] != kNobody && roots[at / kPiece] == linking_.beside[row]) continue;
        near_places(rows_, cores, at, least(at + kPiece, cores.front), row, orphans.keys[place], limit, open, [&](size_t near, int) {
          const uint32_t root = linking_.root(cores.order[near]);
          if (linking_.beside[row] == kNobody) linking_.beside[row] = root;
          if (linking_.beside[row] != root) linking_.several[row] = 1;
        });
      }
    }
  }

  // The root of these cores, kNobody if they have several.
  uint32_t linked(const Some& cores, size_t first, size_t last) const {
    const uint32_t root = linking_.root(cores.order[first]);
    for (size_t place = first + 1; place < last; ++place)
      if (linking_.root(cores.order[place]) != root) return kNobody;
    return root;
  }

  void choose(const Some& orphans, const Some& cores, int limit) {
    const auto open = [](size_t) { return true; };
    for (size_t place = orphans.front; place < orphans.count; ++place) {
      const uint32_t row = orphans.order[place];
      if (!linking_.several[row]) continue;
      near_places(rows_, cores, 0, cores.front, row, orphans.keys[place], limit, open,
                  [&](size_t at, int bits) { linking_.adopt(row, cores.order[at], bits); });
    }
  }

  const BandRows& rows_;
  const Linking& linking_;
};

void count_band(const BandRows& rows, const Counting& counting) { Counter(rows, counting).run(); }
void link_band(const BandRows& rows, const Linking& linking) { Linker(rows, linking).run(); }
void touch_band(const BandRows& rows, const Linking& linking) { Adopter(rows, linking).touch(); }
void choose_band(const BandRows& rows, const Linking& linking) { Adopter(rows, linking).choose(); }

}  // namespace

const JoinPath TUTELA_JOIN = {TUTELA_PATH_NAME, count_band, link_band, touch_band, choose_band};

}  // namespace tutela
