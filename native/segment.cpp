#include "segment.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>
#include <exception>
#include <system_error>
#include <thread>

#include "crc32c.h"

namespace tutela {

void damaged(const char* what) { throw Damaged(what); }

Hits::~Hits() { delete[] items_; }

void Hits::grow() {
  const size_t wider = capacity_ ? capacity_ * 2 : 64;
  Hit* moved = new Hit[wider];
  std::copy(items_, items_ + count_, moved);
  delete[] items_;
  items_ = moved;
  capacity_ = wider;
}

// --------------------------------------------------------------------------------------------- checksums

Blocks::Blocks(const uint8_t* data, size_t size, const uint32_t* sums)
    : data_(data), size_(size), sums_(sums), count_((size + kBlock - 1) / kBlock), good_(new std::atomic<uint8_t>[count_ + 1]) {
  for (size_t block = 0; block <= count_; ++block) good_[block].store(0, std::memory_order_relaxed);
}

void Blocks::verify(size_t block) const {
  if (block >= count_) throw Damaged("it refers to bytes beyond its end");
  const size_t at = block * kBlock;
  if (crc32c(data_ + at, std::min(kBlock, size_ - at)) != sums_[block])
    throw Damaged("the checksum of block " + std::to_string(block) + " is wrong");
  good_[block].store(1, std::memory_order_release);
}

void Blocks::check_all() const {
  for (size_t block = 0; block < count_; ++block)
    if (!good_[block].load(std::memory_order_acquire)) verify(block);
  whole_.store(true, std::memory_order_release);
}

// ---------------------------------------------------------------------------------------------- planning

namespace {

constexpr int kMostBits = 4;  // masks of more bits are never worth probing: a scan is faster

// Masks of every bucket width, fewest bits first, and how many there are of each number of bits.
struct Masks {
  std::vector<uint16_t> masks;
  uint32_t count[17] = {};
  explicit Masks(int width) {
    for (int bits = 0; bits <= 16; ++bits) {
      if (bits <= std::min(width, kMostBits))
        for (uint32_t mask = 0; mask < (1u << width); ++mask)
          if (__builtin_popcount(mask) == bits) masks.push_back(static_cast<uint16_t>(mask));
      count[bits] = static_cast<uint32_t>(masks.size());
    }
  }
};

const Masks& masks_for(int width) {
  static const std::vector<Masks> made = [] {
    std::vector<Masks> all;
    for (int bits = 0; bits <= 16; ++bits) all.emplace_back(bits);
    return all;
  }();
  return made[static_cast<size_t>(width)];
}

// Chance that sixteen fair coins show at most `most` heads.
double chance(int most) {
  static const std::vector<double> sums = [] {
    std::vector<double> made;
    double term = std::pow(0.5, 16), sum = 0.0;
    for (int heads = 0; heads <= 16; ++heads) {
      made.push_back(sum += term);
      term *= static_cast<double>(16 - heads) / (heads + 1);
    }
    return made;
  }();
  return sums[static_cast<size_t>(std::clamp(most, 0, 16))];
}

}  // namespace

SearchPlan::SearchPlan(int wanted, int width) : radius(wanted), bucket_bits(width), possible(width > 0) {
  for (int band = 0; band < kBands; ++band) {
    allowance[band] = (radius + 1) / kBands - 1 + (band < (radius + 1) % kBands ? 1 : 0);
    if (allowance[band] > kMostBits && width > kMostBits) possible = false;
  }
  for (int band = 0; band < kBands; ++band)
    limit[band] = allowance[band] + allowance[(band + 1) % kBands] + 1;
  const Masks& made = masks_for(width);
  masks = made.masks.data();
  std::copy(std::begin(made.count), std::end(made.count), std::begin(mask_count));
}

double scan_cost(size_t queries) {
  constexpr double kCompare = 0.42, kRead = 0.7;  // measured at 1 M and 4 M rows
  return kCompare + kRead / static_cast<double>(std::clamp<size_t>(queries, 1, kTile));
}

constexpr double kProbe = 38.0, kCandidate = 0.2, kConsider = 45.0;  // nanoseconds, measured at 4 M rows

double SearchPlan::cost(size_t rows) const {
  const double bucket = static_cast<double>(rows) / static_cast<double>(size_t{1} << bucket_bits);
  double sum = 0.0;
  for (int band = 0; band < kBands; ++band)
    for (int bits = 0; bits <= allowance[band]; ++bits) {
      const double probes = mask_count[bits] - (bits ? mask_count[bits - 1] : 0);
      sum += probes * (kProbe + bucket * (kCandidate + kConsider * chance(limit[band] - bits)));
    }
  return sum;
}

namespace {

// A bucket of so many times the usual length is looked into; so many of its rows are sampled, and fewer are never many.
constexpr size_t kLonger = 8, kSampled = 64;

// The buckets of one segment that one query lies in or near.
class Crowd {
 public:
  Crowd(const SegmentView& view, const SearchPlan& plan, const uint8_t* query)
      : view_(view), plan_(plan), least_(kLonger * (view.rows >> plan.bucket_bits) + kSampled) {
    std::memcpy(bands_, query, sizeof bands_);
    bands_[kBands] = bands_[0];
  }

  // Whether any of the sixteen buckets that the query itself lies in is overfull.
  bool any() const {
    for (int band = 0; band < kBands; ++band)
      if (plan_.allowance[band] >= 0 && bucket(band, 0).count >= least_) return true;
    return false;
  }

  // Nanoseconds that the overfull ones among all buckets that are read will take.
  double cost() const {
    double sum = 0.0;
    for (int band = 0; band < kBands; ++band) {
      uint32_t mask = 0;
      for (int bits = 0; bits <= plan_.allowance[band] && bits <= plan_.bucket_bits; ++bits)
        for (; mask < plan_.mask_count[bits]; ++mask) {
          const Bucket one = bucket(band, plan_.masks[mask]);
          if (one.count >= least_) sum += static_cast<double>(one.count) * (kCandidate + kConsider * passing(one, band, plan_.limit[band] - bits));
        }
    }
    return sum;
  }

 private:
  struct Bucket {
    size_t begin, count;
  };

  Bucket bucket(int band, uint32_t mask) const {
    const size_t buckets = (size_t{1} << plan_.bucket_bits) + 1;
    const uint32_t own = uint32_t{bands_[band]} >> (16 - plan_.bucket_bits);
    const uint32_t* at = view_.offsets + static_cast<size_t>(band) * buckets + (own ^ mask);
    view_.check(at, 2 * sizeof(uint32_t));
    if (at[1] < at[0] || at[1] > view_.rows) damaged("a bucket lies outside its band");
    return {at[0], size_t{at[1]} - at[0]};
  }

  // The share of a bucket's rows that will pass the filter of the next band.
  double passing(const Bucket& one, int band, int limit) const {
    const uint16_t* keys = view_.following + static_cast<size_t>(band) * view_.rows + one.begin;
    view_.check(keys, one.count * sizeof(uint16_t));
    int passed = 0;
    for (size_t k = 0; k < kSampled; ++k)
      passed += __builtin_popcount(static_cast<unsigned>(keys[k * one.count / kSampled] ^ bands_[band + 1])) <= limit;
    return passed / static_cast<double>(kSampled);
  }

  const SegmentView& view_;
  const SearchPlan& plan_;
  const size_t least_;
  uint16_t bands_[kBands + 1];
};

}  // namespace

// Many near copies of a query lie in the very buckets that its bands read, where the plan expects no more rows than elsewhere.
// A usual query costs sixteen looks at where its own buckets begin and end, and these it would need anyway.
double SearchPlan::crowd_cost(const SegmentView& view, const uint8_t* query) const {
  const Crowd crowd(view, *this, query);
  return crowd.any() ? crowd.cost() : 0.0;
}

bool SearchPlan::crowded(const SegmentView& view, const uint8_t* query) const {
  return cost(view.rows) + crowd_cost(view, query) > scan_cost(1) * static_cast<double>(view.rows);
}

// ---------------------------------------------------------------------------------------------- searching

namespace {

struct Row {
  uint16_t distance;
  uint64_t id;
  bool operator<(const Row& other) const { return distance != other.distance ? distance < other.distance : id < other.id; }
};

// One segment with the way to search it at one radius.
struct Step {
  const SegmentView* view;
  SearchPlan plan;
  bool banded;
  double spare = 0;  // nanoseconds by which crowded buckets may make bands dearer before a scan is cheaper; 0: whatever they cost
  Step(const SegmentView* segment, int radius, Method method, size_t queries)
      : view(segment), plan(radius, segment->bucket_bits), banded(plan.possible && method != Method::kScan) {
    if (!banded || method != Method::kAny) return;
    const double rows = static_cast<double>(view->rows), expected = plan.cost(view->rows);
    banded = expected < scan_cost(queries) * rows;
    spare = scan_cost(1) * rows - expected;
  }
};

constexpr size_t kStretch = 2048;        // rows of that pass between two queries: 64 KiB, so that they stay in cache

class Worker {
 public:
  Worker(const std::vector<Step>& steps, const uint8_t* queries, size_t first, size_t last, int radius)
      : steps_(steps), queries_(queries), first_(first), last_(last), radius_(radius), rows_(last - first) {}

  void run() {
    for (size_t from = first_; from < last_; from += kTile) tile(from, std::min(from + kTile, last_));
    for (auto& rows : rows_) std::sort(rows.begin(), rows.end());
  }

  std::vector<std::vector<Row>>& rows() { return rows_; }

 private:
  void tile(size_t from, size_t to) {
    uint8_t permuted[kTile][kCodeBytes];
    for (size_t query = from; query < to; ++query) permute(queries_ + query * kCodeBytes, permuted[query - from]);
    for (const Step& step : steps_) {
      size_t scanned[kTile], count = 0;
      for (size_t query = from; query < to; ++query) {
        if (!step.banded || (step.spare > 0 && step.plan.crowd_cost(*step.view, permuted[query - from]) > step.spare)) {
          scanned[count++] = query;
          continue;
        }
        path().search_bands(*step.view, step.plan, permuted[query - from], hits_);
        take(*step.view, query);
      }
      for (size_t row = 0; row < step.view->rows && count; row += kStretch)
        for (size_t i = 0; i < count; ++i) {
          const size_t query = scanned[i];
          path().scan(*step.view, row, std::min(row + kStretch, step.view->rows), radius_, permuted[query - from], hits_);
          take(*step.view, query);
        }
    }
  }

  void take(const SegmentView& view, size_t query) {
    auto& rows = rows_[query - first_];
    for (const Hit& hit : hits_) {
      view.check(view.ids + hit.row, sizeof(uint64_t));
      rows.push_back({static_cast<uint16_t>(hit.distance), view.ids[hit.row]});
    }
    hits_.clear();
  }

  const std::vector<Step>& steps_;
  const uint8_t* queries_;
  size_t first_, last_;
  int radius_;
  std::vector<std::vector<Row>> rows_;
  Hits hits_;
};

void run_all(std::deque<Worker>& workers) {
  if (workers.size() == 1) return workers[0].run();
  std::vector<std::exception_ptr> failed(workers.size());
  const auto guarded = [&](size_t i) {
    try {
      workers[i].run();
    } catch (...) {  // carried to the caller's thread and thrown there
      failed[i] = std::current_exception();
    }
  };
  std::vector<std::thread> threads;
  threads.reserve(workers.size());
  size_t started = 1;
  try {
    for (; started < workers.size(); ++started) threads.emplace_back(guarded, started);
  } catch (const std::system_error&) {
    // The system has no room for another thread: the caller's does the shares that are left.
  }
  guarded(0);
  for (size_t i = started; i < workers.size(); ++i) guarded(i);
  for (auto& thread : threads) thread.join();
  for (auto& error : failed)
    if (error) std::rethrow_exception(error);
}

}  // namespace

Found search(const std::vector<const SegmentView*>& segments, const uint8_t* queries, size_t count, int radius, int threads,
             Method method) {
  std::vector<Step> steps;
  for (const SegmentView* segment : segments) steps.emplace_back(segment, radius, method, count);
  // To ask for the processors is a system call, which one query of one thread need not wait for; 0: the system does not tell.
  const size_t processors = threads > 1 ? std::max(1u, std::thread::hardware_concurrency()) : 1;
  const size_t wanted = std::min(static_cast<size_t>(std::max(threads, 1)), processors);
  const size_t share = std::max<size_t>(1, std::min(wanted, count));
  std::deque<Worker> workers;
  for (size_t i = 0; i < share; ++i) workers.emplace_back(steps, queries, count * i / share, count * (i + 1) / share, radius);
  run_all(workers);
  Found found;
  found.offsets.reserve(count + 1);
  found.offsets.push_back(0);
  for (auto& worker : workers)
    for (auto& rows : worker.rows()) {
      for (const Row& row : rows) {
        found.ids.push_back(row.id);
        found.distances.push_back(row.distance);
      }
      found.offsets.push_back(static_cast<int64_t>(found.ids.size()));
      std::vector<Row>().swap(rows);
    }
  return found;
}

}  // namespace tutela
