// Fixed work for counting instructions: `kernel_count WORK` with WORK pdq, weights, join, bands, scan,
// build, jpeg, sheet or photograph.  `make count` runs it under callgrind twice,
// with the work and without, and compares the difference with native/tests/counts.json.
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "grid_outlines.h"
#include "grid_prints.h"
#include "grids.h"
#include "join.h"
#include "jpeg_files.h"
#include "jpeg_luma.h"
#include "pdq.h"
#include "segment.h"

using namespace tutela;

namespace {

std::vector<uint8_t> noise(size_t count) {
  std::mt19937_64 random(9);
  std::vector<uint8_t> made(count);
  for (auto& value : made) value = static_cast<uint8_t>(random());
  return made;
}

// Reads a file so many times, whole and reduced; some of its brightness.
template <size_t kSize>
uint64_t read_jpeg(const uint8_t (&file)[kSize], int times) {
  uint64_t answer = 0;
  uint8_t plane[45 * 37];
  for (const int reduction : {1, 2, 4, 8})
    for (int i = 0; i < times; ++i) {
      JpegHeader header;
      if (jpeg_header(file, kSize, header) && jpeg_luma(header, file, kSize, reduction, plane)) answer += plane[i % 30];
    }
  return answer;
}

// Slow waves with some noise, as a photograph has; another one in each of so many cells on a light ground.
std::vector<uint8_t> sheet_of(int width, int height, int columns, int rows, int gutter) {
  std::vector<uint8_t> made(static_cast<size_t>(width) * static_cast<size_t>(height), 235);
  const auto grain = noise(made.size());
  const int wide = (width - gutter) / columns, high = (height - gutter) / rows;
  for (int y = 0; y < rows * high; ++y)
    for (int x = 0; x < columns * wide; ++x) {
      const int u = x % wide - gutter, v = y % high - gutter, cell = y / high * columns + x / wide;
      if (u < 0 || v < 0) continue;
      const auto at = static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x);
      const int wave = (u * u / (40 + 7 * cell % 31) + v * (2 + cell % 5) / 3 + u * v / (90 + cell)) % 160;
      made[at] = static_cast<uint8_t>(20 + (wave < 80 ? wave : 160 - wave) * 2 + grain[at] % 6);
    }
  return made;
}

// Every look that a picture gets.
uint64_t looked_at(const std::vector<uint8_t>& pixels, int width, int height) {
  Evidence seen(pixels.data(), height, width, width);
  uint64_t answer = 0;
  for (const GridReading& reading : separate_grid(seen)) answer += reading.cells.size();
  return answer + outlines(seen).size() + prints(pixels.data(), height, width, width).size();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string work = argc > 1 ? argv[1] : "";
  const bool idle = argc > 2 && std::strcmp(argv[2], "idle") == 0;  // everything but the work itself
  uint64_t answer = 0;
  if (work == "pdq") {
    const auto pixels = noise(512 * 512);
    const Picture picture{pixels.data(), 512, 512, 512, false, 1, 1, 512, 512};
    answer = pdq(picture).value[0];  // makes the weights
    for (int i = 0; i < 4 && !idle; ++i) answer += pdq(picture).value[0];
  } else if (work == "weights") {  // of one long side: in step with its length
    const int length = 100000;
    const auto pixels = noise(static_cast<size_t>(length) * 5);
    const Picture picture{pixels.data(), 5, length, length, false, 1, 1, 5, length};
    if (!idle) answer = pdq(picture).value[0];
  } else if (work == "jpeg") {
    const int times = idle ? 0 : 100;
    answer = read_jpeg(kHalved, times) + read_jpeg(kRestarts, times) + read_jpeg(kWhole, times) + read_jpeg(kGrey, times);
  } else if (work == "sheet" || work == "photograph") {
    const auto pixels = work == "sheet" ? sheet_of(1280, 960, 5, 6, 8) : sheet_of(1280, 960, 1, 1, 0);
    if (!idle) answer = looked_at(pixels, 1280, 960);
  } else if (work == "join") {
    const size_t rows = 8192;
    auto codes = noise(rows * kCodeBytes);
    for (size_t row = 0; row < rows; row += 2) {  // every other row lies by one of the last sixteen
      std::memcpy(codes.data() + row * kCodeBytes, codes.data() + (rows - 1 - row % 32) * kCodeBytes, kCodeBytes);
      codes[row * kCodeBytes + row / 2 % kCodeBytes] ^= static_cast<uint8_t>(1 + row / 64 % 255);
    }
    dbscan(codes.data(), 600, 31, 3, nullptr, nullptr);
    if (!idle) answer = static_cast<uint64_t>(dbscan(codes.data(), rows, 31, 3, nullptr, nullptr).labels[1] + 1);
  } else {
    const size_t rows = 65536, queries = 40;
    const auto codes = noise(rows * kCodeBytes);
    const std::vector<uint64_t> ids(rows, 1);
    const SegmentSizes sizes(rows);
    std::vector<uint8_t> out_codes(sizes.codes), numbers(sizes.numbers);
    std::vector<uint64_t> out_ids(rows);
    std::vector<uint32_t> offsets(sizes.offsets / 4);
    std::vector<uint16_t> following(sizes.following / 2);
    if (!(work == "build" && idle))
      build_segment(codes.data(), ids.data(), rows, out_codes.data(), out_ids.data(), offsets.data(), following.data(), numbers.data());
    const SegmentView view{rows, sizes.bucket_bits, out_codes.data(), out_ids.data(), offsets.data(), following.data(), numbers.data(), nullptr, nullptr};
    search({&view}, codes.data(), 1, 31, 1, Method::kProbe);
    if (work == "bands" && !idle) answer = search({&view}, codes.data(), queries, 31, 1, Method::kProbe).ids.size();
    if (work == "scan" && !idle) answer = search({&view}, codes.data(), queries, 31, 1, Method::kScan).ids.size();
  }
  std::printf("%s %s %llu\n", path().name, work.c_str(), static_cast<unsigned long long>(answer));
  return 0;
}
