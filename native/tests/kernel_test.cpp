// The kernel's own tests, built with AddressSanitizer and UBSan (`make sanitize`) and run on every CPU path: odd sizes, exact-size
// heap buffers (so that a read beyond an end is caught), and answers against the plainest possible code.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <tuple>
#include <vector>

#include "crc32c.h"
#include "join.h"
#include "pdq.h"
#include "segment.h"

using namespace tutela;

namespace {

int checks = 0;

void require(bool holds, const char* what) {
  ++checks;
  if (holds) return;
  std::fprintf(stderr, "failed on path %s: %s\n", path().name, what);
  std::exit(1);
}

// Memory of exactly this size, so that the sanitizer sees every step beyond it.
template <typename T>
std::vector<T> exact(size_t count) {
  std::vector<T> made(count);
  made.shrink_to_fit();
  return made;
}

std::vector<uint8_t> noise(std::mt19937_64& random, size_t count) {
  auto made = exact<uint8_t>(count);
  for (auto& value : made) value = static_cast<uint8_t>(random());
  return made;
}

using Hashes = std::vector<std::vector<uint8_t>>;

// Hashes of pictures of awkward sizes, in every orientation and reduction: the same on every path.
Hashes hash_everything() {
  std::mt19937_64 random(1);
  Hashes all;
  for (const auto& [height, width] : {std::pair{5, 5}, {5, 1000}, {1000, 5}, {63, 65}, {64, 64}, {129, 127}, {257, 300}, {640, 511}})
    for (const int by : {1, 2, 4, 8})
      for (const bool rgb : {false, true}) {
        const int h = (height + by - 1) / by, w = (width + by - 1) / by;
        const auto pixels = noise(random, static_cast<size_t>(h * w * (rgb ? 3 : 1)));
        for (int turn = 1; turn <= 8; ++turn) {
          const Picture picture{pixels.data(), h, w, w * (rgb ? 3 : 1), rgb, turn, by, height, width};
          const PdqHash one = pdq(picture);
          PdqHash eight[8];
          pdq_orientations(picture, eight);
          require(std::memcmp(one.value, eight[0].value, 32) == 0, "the first orientation is the hash itself");
          all.emplace_back(one.value, one.value + 32);
          all.back().push_back(static_cast<uint8_t>(one.quality));
        }
      }
  return all;
}

struct Built {
  std::vector<uint8_t> codes;
  std::vector<uint64_t> ids;
  std::vector<uint8_t> out_codes, numbers;
  std::vector<uint64_t> out_ids;
  std::vector<uint32_t> offsets;
  std::vector<uint16_t> following;
  SegmentView view;
};

void build(Built& b, size_t rows, std::mt19937_64& random) {
  b.codes = noise(random, rows * kCodeBytes);
  for (size_t row = rows / 2; row < rows; ++row) {  // half lie near one of seven others
    std::memcpy(&b.codes[row * kCodeBytes], &b.codes[(row % 7) * kCodeBytes], kCodeBytes);
    for (int flips = static_cast<int>(random() % 70); flips > 0; --flips) b.codes[row * kCodeBytes + random() % 32] ^= static_cast<uint8_t>(1u << random() % 8);
  }
  b.ids = exact<uint64_t>(rows);
  for (auto& id : b.ids) id = random() % (rows + 1);
  const SegmentSizes sizes(rows);
  b.out_codes = exact<uint8_t>(sizes.codes);
  b.out_ids = exact<uint64_t>(rows);
  b.offsets = exact<uint32_t>(sizes.offsets / 4);
  b.following = exact<uint16_t>(sizes.following / 2);
  b.numbers = exact<uint8_t>(sizes.numbers);
  build_segment(b.codes.data(), b.ids.data(), rows, b.out_codes.data(), b.out_ids.data(), b.offsets.data(), b.following.data(), b.numbers.data());
  b.view = {rows, sizes.bucket_bits, b.out_codes.data(), b.out_ids.data(), b.offsets.data(), b.following.data(), b.numbers.data(), nullptr, nullptr};
}

std::vector<std::pair<int, uint64_t>> plain_search(const Built& b, const uint8_t* query, int radius) {
  std::vector<std::pair<int, uint64_t>> found;
  for (size_t row = 0; row < b.view.rows; ++row) {
    int bits = 0;
    for (int i = 0; i < kCodeBytes; ++i) bits += __builtin_popcount(static_cast<unsigned>(b.codes[row * kCodeBytes + static_cast<size_t>(i)] ^ query[i]));
    if (bits <= radius) found.emplace_back(bits, b.ids[row]);
  }
  std::sort(found.begin(), found.end());
  return found;
}

void search_everything() {
  std::mt19937_64 random(2);
  for (const size_t rows : {size_t{0}, size_t{1}, size_t{9}, size_t{2047}, size_t{2048}, size_t{5001}}) {
    Built b;
    build(b, rows, random);
    auto queries = noise(random, 4 * kCodeBytes);
    if (rows) std::memcpy(queries.data(), b.codes.data(), kCodeBytes);
    for (const int radius : {0, 1, 15, 16, 31, 32, 40, 47, 63, 64, 80, 128, 256})
      for (const Method method : {Method::kAny, Method::kProbe, Method::kScan}) {
        const Found found = search({&b.view}, queries.data(), 4, radius, 2, method);
        for (size_t q = 0; q < 4; ++q) {
          const auto expected = plain_search(b, &queries[q * kCodeBytes], radius);
          const size_t from = static_cast<size_t>(found.offsets[q]), to = static_cast<size_t>(found.offsets[q + 1]);
          require(to - from == expected.size(), "every hit is found once");
          for (size_t i = from; i < to; ++i)
            require(found.ids[i] == expected[i - from].second && found.distances[i] == expected[i - from].first, "hits are sorted");
        }
      }
  }
}

// Parts that contradict each other are refused, not followed out of bounds.
void distrust_everything() {
  std::mt19937_64 random(3);
  Built b;
  build(b, 4000, random);
  const auto query = noise(random, kCodeBytes);
  const auto survives = [&] {
    for (const int radius : {0, 31, 63}) try {
        search({&b.view}, b.codes.data(), 50, radius, 1, Method::kProbe);
      } catch (const Damaged&) {
      }
  };
  for (auto& value : b.offsets) value = static_cast<uint32_t>(random());
  survives();
  build(b, 4000, random);
  for (auto& value : b.numbers) value = 0xFF;
  survives();
  ++checks;
}

// Near copies, strangers and equal codes, labelled as the definition of DBSCAN says.
void cluster_everything() {
  std::mt19937_64 random(5);
  for (const size_t rows : {size_t{0}, size_t{100}, size_t{700}}) {
    auto codes = noise(random, rows * kCodeBytes);
    for (size_t row = 3; row < rows; row += 1 + row % 3) {
      std::memcpy(codes.data() + row * kCodeBytes, codes.data() + row % 3 * kCodeBytes, kCodeBytes);
      for (size_t flip = random() % 24; flip-- > 0;) codes[row * kCodeBytes + random() % kCodeBytes] ^= 1u << random() % 8;
    }
    std::vector<uint8_t> never(rows);
    for (auto& flag : never) flag = random() % 5 == 0;
    for (const int radius : {0, 15, 31, 62, 100})
      for (const uint32_t enough : {1u, 2u, 6u}) {
        const auto near = [&](size_t a, size_t b) {
          int bits = 0;
          for (size_t i = 0; i < kCodeBytes; ++i) bits += __builtin_popcount(codes[a * kCodeBytes + i] ^ codes[b * kCodeBytes + i]);
          return bits <= radius;
        };
        const Labelled made = dbscan(codes.data(), rows, radius, enough, never.data(), nullptr);
        for (size_t a = 0; a < rows; ++a) {
          if (never[a]) continue;
          uint32_t count = 0;
          for (size_t b = 0; b < rows; ++b) count += near(a, b);
          require(made.counts[a] == std::min(count, enough), "neighbours are counted up to what is enough");
          for (size_t b = 0; b < a && count >= enough; ++b)
            if (!never[b] && made.counts[b] == enough && near(a, b))
              require(made.labels[a] == made.labels[b] && made.labels[a] >= 0, "cores near each other share a cluster");
        }
      }
  }
}

void sum_everything() {
  std::mt19937_64 random(4);
  for (size_t size = 0; size < 70; ++size) {
    const auto data = noise(random, size);
    require(crc32c(data.data(), size) == crc32c_portable(data.data(), size), "both checksums agree");
  }
  const auto data = noise(random, kBlock + 100);
  std::vector<uint32_t> sums = {crc32c(data.data(), kBlock), crc32c(data.data() + kBlock, 100)};
  const Blocks blocks(data.data(), data.size(), sums.data());
  blocks.check(data.data() + kBlock - 1, 2);
  blocks.check_all();
  require(blocks.whole(), "whole once all is checked");
  sums[1] ^= 1;
  const Blocks wrong(data.data(), data.size(), sums.data());
  wrong.check(data.data(), 10);
  bool caught = false;
  try {
    wrong.check(data.data() + kBlock, 1);
  } catch (const Damaged&) {
    caught = true;
  }
  require(caught, "a wrong block is refused");
}

}  // namespace

int main() {
  sum_everything();
  Hashes first;
  for (const char* name : paths()) {
    require(use_path(name), "a path that is offered can be used");
    const Hashes hashes = hash_everything();
    if (first.empty()) first = hashes;
    require(hashes == first, "every path gives the same hashes");
    search_everything();
    distrust_everything();
    cluster_everything();
    std::printf("%s: right\n", name);
  }
  std::printf("%d checks\n", checks);
  return 0;
}
