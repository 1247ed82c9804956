// The JPEG reader's own test, built with AddressSanitizer and UBSan: whole files are read alike on every CPU path, and damaged ones,
// in buffers of exactly their size, are read or refused without a step beyond any end.  `jpeg_test [COUNT]`: so many damaged files.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

#include "jpeg_files.h"
#include "jpeg_luma.h"
#include "path.h"

using namespace tutela;

namespace {

using File = std::vector<uint8_t>;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "failed on path %s: %s\n", path().name, what);
  std::exit(1);
}

// The plane, or nothing if the file is refused.
File luma(const File& file, int reduction) {
  JpegHeader header;
  if (!jpeg_header(file.data(), file.size(), header)) return {};
  if (static_cast<size_t>(header.height) * static_cast<size_t>(header.width) / 256 > file.size()) return {};
  const int height = (header.height + reduction - 1) / reduction, width = (header.width + reduction - 1) / reduction;
  File plane(static_cast<size_t>(height) * static_cast<size_t>(width));
  if (!jpeg_luma(header, file.data(), file.size(), reduction, plane.data())) return {};
  return plane;
}

File damaged(const File& file, const File& other, std::mt19937_64& random) {
  File made = file;
  for (int times = 1 + static_cast<int>(random() % 3); times > 0; --times) {
    const size_t at = random() % made.size();
    const auto begin = made.begin() + static_cast<ptrdiff_t>(at);
    switch (random() % 6) {
      case 0: made[at] = static_cast<uint8_t>(random()); break;
      case 1: made[at] ^= static_cast<uint8_t>(1u << random() % 8); break;
      case 2: made[at] = random() % 2 ? 0xFF : 0; break;
      case 3: made.resize(at + 1); break;
      case 4: made.insert(begin, static_cast<uint8_t>(random())); break;
      default:  // a piece of the other file over it
        for (size_t i = 0, from = random() % other.size(); i < 40 && at + i < made.size() && from + i < other.size(); ++i) made[at + i] = other[from + i];
    }
  }
  made.shrink_to_fit();
  return File(made);
}

}  // namespace

int main(int argc, char** argv) {
  const long count = argc > 1 ? std::atol(argv[1]) : 4000;
  const std::vector<File> files = {File(std::begin(kHalved), std::end(kHalved)), File(std::begin(kRestarts), std::end(kRestarts)),
                                   File(std::begin(kWhole), std::end(kWhole)), File(std::begin(kGrey), std::end(kGrey))};
  for (const File& file : files)
    for (const int reduction : {1, 2, 4, 8}) {
      use_path("portable");
      const File plain = luma(file, reduction);
      require(!plain.empty(), "a whole file is read");
      for (const char* name : paths()) {
        use_path(name);
        require(luma(file, reduction) == plain, "every path gives the same pixels");
      }
      for (size_t size = 0; size < file.size(); ++size)
        require(luma(File(file.begin(), file.begin() + static_cast<ptrdiff_t>(size)), reduction).empty(), "a cut file is refused");
    }
  std::mt19937_64 random(7);
  long taken = 0;
  for (long i = 0; i < count; ++i) {
    const File file = damaged(files[random() % files.size()], files[random() % files.size()], random);
    const int reduction = 1 << random() % 4;
    use_path(paths()[random() % paths().size()]);
    const File first = luma(file, reduction);
    taken += !first.empty();
    use_path("portable");
    require(luma(file, reduction) == first, "every path judges a damaged file alike");
  }
  std::printf("jpeg: %ld damaged files, %ld of them read\n", count, taken);
  return 0;
}
