// Python's door to the kernel: shapes are checked here, and the lock is given up around every long call.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "arrays.h"
#include "bindings.h"
#include "crc32c.h"
#include "join.h"
#include "jpeg_luma.h"
#include "memory.h"
#include "path.h"
#include "pdq.h"
#include "segment.h"

namespace tutela {
namespace {

using Bytes = nb::ndarray<const uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Codes = nb::ndarray<const uint8_t, nb::shape<-1, kCodeBytes>, nb::c_contig, nb::device::cpu>;
using Ids = nb::ndarray<const uint64_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Sums = nb::ndarray<const uint32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

// ------------------------------------------------------------------------------------------------ PDQ

// Where the given pixels are a reduced picture, `full` is the whole one's (height, width).
using Full = std::tuple<size_t, size_t>;

Picture picture(const uint8_t* pixels, size_t height, size_t width, bool rgb, int orientation, int reduction, Full full) {
  const auto [full_height, full_width] = reduction == 1 ? Full{height, width} : full;
  if (full_height < kPdqSmallest || full_width < kPdqSmallest) throw nb::value_error("a side is shorter than 5 pixels");
  if (full_height > 0x7FFFFFF || full_width > 0x7FFFFFF) throw nb::value_error("a side is longer than 2^27 pixels");
  if (orientation < 1 || orientation > 8) throw nb::value_error("an EXIF orientation is 1 to 8");
  if (reduction < 1 || reduction > 8) throw nb::value_error("a reduction is 1 to 8");
  const size_t by = static_cast<size_t>(reduction);
  if ((full_height + by - 1) / by != height || (full_width + by - 1) / by != width)
    throw nb::value_error("the pixels are not the whole picture so reduced");
  return {pixels, static_cast<int>(height), static_cast<int>(width), static_cast<ptrdiff_t>(width * (rgb ? 3 : 1)), rgb,
          orientation, reduction, static_cast<int>(full_height), static_cast<int>(full_width)};
}

using Hashed = std::tuple<nb::bytes, int, int>;  // value, quality, ties
Hashed hashed(const PdqHash& hash) { return {nb::bytes(reinterpret_cast<const char*>(hash.value), 32), hash.quality, hash.ties}; }

Hashed hash_one(const Picture& given) {
  PdqHash hash;
  {
    nb::gil_scoped_release release;
    hash = pdq(given);
  }
  return hashed(hash);
}

std::vector<Hashed> hash_eight(const Picture& given) {
  PdqHash hashes[8];
  {
    nb::gil_scoped_release release;
    pdq_orientations(given, hashes);
  }
  std::vector<Hashed> all;
  for (const PdqHash& hash : hashes) all.push_back(hashed(hash));
  return all;
}

// ------------------------------------------------------------------------------------------------ JPEG

using Plane = nb::ndarray<nb::numpy, uint8_t, nb::ndim<2>>;

// None where it is not an ordinary JPEG of that (height, width).
std::optional<Plane> luma_of(const uint8_t* data, size_t length, Full size, int reduction) {
  if (reduction != 1 && reduction != 2 && reduction != 4 && reduction != 8) throw nb::value_error("a reduction is 1, 2, 4 or 8");
  const size_t by = static_cast<size_t>(reduction), height = (std::get<0>(size) + by - 1) / by, width = (std::get<1>(size) + by - 1) / by;
  std::unique_ptr<uint8_t[]> plane;
  {
    nb::gil_scoped_release release;
    JpegHeader header;
    if (!jpeg_header(data, length, header)) return std::nullopt;
    if (Full(header.height, header.width) != size) return std::nullopt;
    // A block of 8 x 8 pixels takes two bits at least: a file that promises more pixels gets no room for them.
    if (std::get<0>(size) * std::get<1>(size) / 256 > length) return std::nullopt;
    plane.reset(new uint8_t[height * width]);
    if (!jpeg_luma(header, data, length, reduction, plane.get())) return std::nullopt;
  }
  nb::capsule owner(plane.get(), [](void* p) noexcept { delete[] static_cast<uint8_t*>(p); });
  return Plane(plane.release(), {height, width}, owner);
}

// ---------------------------------------------------------------------------------------------- blocks

struct BlockCheck {
  Bytes data;
  Sums sums;
  Blocks blocks;
  BlockCheck(Bytes bytes, Sums given) : data(bytes), sums(given), blocks(bytes.data(), bytes.shape(0), given.data()) {
    if (given.shape(0) != (bytes.shape(0) + kBlock - 1) / kBlock) throw nb::value_error("one checksum a block is needed");
  }
  void check(size_t at, size_t length) const {
    if (at > data.shape(0) || length > data.shape(0) - at) throw Damaged("it refers to bytes beyond its end");
    blocks.check(data.data() + at, length);
  }
};

std::vector<uint32_t> sums_of(const uint8_t* data, size_t size) {
  std::vector<uint32_t> sums;
  for (size_t at = 0; at < size; at += kBlock) sums.push_back(crc32c(data + at, std::min(kBlock, size - at)));
  return sums;
}

// -------------------------------------------------------------------------------------------- segments

struct Segment {
  SegmentView view;
  std::shared_ptr<Memory> memory;             // of a built segment
  std::shared_ptr<BlockCheck> blocks;         // of a mapped one
  std::shared_ptr<std::vector<uint8_t>> dead;
};

size_t aligned(size_t size) { return (size + 63) / 64 * 64; }

std::shared_ptr<Segment> build(Codes codes, Ids ids) {
  const size_t rows = codes.shape(0);
  if (ids.shape(0) != rows) throw nb::value_error("one id for each code is needed");
  if (rows > kMaxRows) throw nb::value_error("a segment has at most 2^24 rows");
  nb::gil_scoped_release release;
  const SegmentSizes sizes(rows);
  auto made = std::make_shared<Segment>();
  made->memory = std::make_shared<Memory>(aligned(sizes.codes) + aligned(sizes.ids) + aligned(sizes.offsets) +
                                          aligned(sizes.following) + aligned(sizes.numbers));
  uint8_t* at = made->memory->data();
  const auto part = [&at](size_t size) {
    uint8_t* begin = at;
    at += aligned(size);
    return begin;
  };
  uint8_t* out_codes = part(sizes.codes);
  auto* out_ids = reinterpret_cast<uint64_t*>(part(sizes.ids));
  auto* offsets = reinterpret_cast<uint32_t*>(part(sizes.offsets));
  auto* following = reinterpret_cast<uint16_t*>(part(sizes.following));
  uint8_t* numbers = part(sizes.numbers);
  build_segment(codes.data(), ids.data(), rows, out_codes, out_ids, offsets, following, numbers);
  made->view = {rows, sizes.bucket_bits, out_codes, out_ids, offsets, following, numbers, nullptr, nullptr};
  return made;
}

// Parts lie in the mapped file at the given byte offsets, in the order of part_names().
std::shared_ptr<Segment> map(std::shared_ptr<BlockCheck> blocks, size_t rows, int bucket_bits, const std::vector<size_t>& at) {
  if (rows > kMaxRows || at.size() != 5) throw Damaged("its header names parts that cannot be");
  const SegmentSizes sizes(rows);
  if (sizes.bucket_bits != bucket_bits) throw Damaged("its header names a bucket width that cannot be");
  const size_t lengths[5] = {sizes.codes, sizes.ids, sizes.offsets, sizes.following, sizes.numbers};
  const size_t whole = blocks->data.shape(0);
  const uint8_t* base = blocks->data.data();
  for (size_t i = 0; i < 5; ++i)
    if (at[i] % 64 || at[i] > whole || lengths[i] > whole - at[i]) throw Damaged("its header names a part beyond its end");
  if (reinterpret_cast<uintptr_t>(base) % 64) throw nb::value_error("the file must be mapped at a page");
  auto made = std::make_shared<Segment>();
  made->blocks = blocks;
  made->view = {rows, bucket_bits, base + at[0], reinterpret_cast<const uint64_t*>(base + at[1]),
                reinterpret_cast<const uint32_t*>(base + at[2]), reinterpret_cast<const uint16_t*>(base + at[3]), base + at[4],
                nullptr, &blocks->blocks};
  return made;
}

std::shared_ptr<Segment> without(const Segment& segment, Bytes dead) {
  if (dead.shape(0) != (segment.view.rows + 7) / 8) throw nb::value_error("one bit a row is needed");
  auto made = std::make_shared<Segment>(segment);
  made->dead = std::make_shared<std::vector<uint8_t>>(dead.data(), dead.data() + dead.shape(0));
  made->view.dead = made->dead->data();
  return made;
}

using Part = nb::ndarray<nb::numpy, const uint8_t, nb::ndim<1>>;

Part raw(nb::handle owner, const void* data, size_t size) {
  return Part(data, {size}, owner);
}

std::vector<Part> parts(nb::handle self) {
  const auto& segment = nb::cast<const Segment&>(self);
  const SegmentSizes sizes(segment.view.rows);
  std::vector<Part> all;
  all.push_back(raw(self, segment.view.codes, sizes.codes));
  all.push_back(raw(self, segment.view.ids, sizes.ids));
  all.push_back(raw(self, segment.view.offsets, sizes.offsets));
  all.push_back(raw(self, segment.view.following, sizes.following));
  all.push_back(raw(self, segment.view.numbers, sizes.numbers));
  return all;
}

nb::ndarray<nb::numpy, uint8_t, nb::ndim<2>> plain_codes(const Segment& segment) {
  const size_t rows = segment.view.rows;
  auto* kept = new std::vector<uint8_t>(rows * kCodeBytes);
  nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<std::vector<uint8_t>*>(p); });
  segment.view.check(segment.view.codes, rows * kCodeBytes);
  for (size_t row = 0; row < rows; ++row) unpermute(segment.view.codes + row * kCodeBytes, kept->data() + row * kCodeBytes);
  return nb::ndarray<nb::numpy, uint8_t, nb::ndim<2>>(kept->data(), {rows, size_t{kCodeBytes}}, owner);
}

nb::ndarray<nb::numpy, const uint64_t, nb::ndim<1>> plain_ids(nb::handle self) {
  const auto& view = nb::cast<const Segment&>(self).view;
  view.check(view.ids, view.rows * sizeof(uint64_t));
  return nb::ndarray<nb::numpy, const uint64_t, nb::ndim<1>>(view.ids, {view.rows}, self);
}

Method method_named(std::string_view name) {
  if (name == "auto") return Method::kAny;
  if (name == "bands") return Method::kProbe;
  if (name == "scan") return Method::kScan;
  throw nb::value_error("a method is auto, bands or scan");
}

nb::object search_all(nb::sequence segments, nb::handle queries, int radius, int threads, const char* method) {
  if (radius < 0 || radius > 256) throw nb::value_error("a radius is 0 to 256 bits");
  const Method chosen = method_named(method);
  std::vector<nb::object> held;  // while the lock is given up, the caller's list may change
  std::vector<const SegmentView*> views;
  for (nb::handle segment : segments) {
    held.push_back(nb::borrow(segment));
    views.push_back(&nb::cast<const Segment&>(segment, false).view);
  }
  const HeldCodes codes(queries);
  Found found;
  {
    nb::gil_scoped_release release;
    found = search(views, codes.data(), codes.count(), radius, threads, chosen);
  }
  SharedArrays arrays(found.offsets.size() * 8 + found.ids.size() * 10);
  nb::object offsets = arrays.next(found.offsets, "i8"), ids = arrays.next(found.ids, "u8"), distances = arrays.next(found.distances, "u2");
  return nb::make_tuple(offsets, ids, distances);
}

// What the planner would do for each of `queries` queries in one segment of `rows` rows: (method, expected microseconds).
std::tuple<std::string, double> plan(size_t rows, int radius, size_t queries) {
  const SearchPlan made(radius, bucket_bits_for(rows));
  const double scan = scan_cost(queries) * static_cast<double>(rows);
  const double bands = made.possible ? made.cost(rows) : scan;
  if (made.possible && bands < scan) return {"bands", bands / 1000};
  return {"scan", scan / 1000};
}

// What the planner does for one query in a segment as it is: the crowd around the query counts too.
std::string method_for(const Segment& segment, Codes query, int radius) {
  if (query.shape(0) != 1) throw nb::value_error("one query is needed");
  if (radius < 0 || radius > 256) throw nb::value_error("a radius is 0 to 256 bits");
  const auto [method, cost] = plan(segment.view.rows, radius, 1);
  if (method != "bands") return method;
  uint8_t permuted[kCodeBytes];
  permute(query.data(), permuted);
  const SearchPlan made(radius, segment.view.bucket_bits);
  return made.crowded(segment.view, permuted) ? "scan" : "bands";
}

// ---------------------------------------------------------------------------------------------- clusters

// `step` is called with the share that is done; whatever it raises, and Ctrl-C, ends the work.
auto cluster(Codes codes, int radius, uint32_t min_points, std::optional<Bytes> never, nb::object step) {
  if (radius < 0 || radius > 256) throw nb::value_error("a radius is 0 to 256 bits");
  if (min_points < 1) throw nb::value_error("a core needs one point at least: itself");
  if (never && never->shape(0) != codes.shape(0)) throw nb::value_error("one flag for each code is needed");
  const std::function<void(double)> tell = [&step](double done) {
    nb::gil_scoped_acquire held;
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
    if (!step.is_none()) step(done);
  };
  Labelled made;
  {
    nb::gil_scoped_release release;
    made = dbscan(codes.data(), codes.shape(0), radius, min_points, never ? never->data() : nullptr, tell);
  }
  return std::make_tuple(give(std::move(made.labels)), give(std::move(made.counts)));
}

void bind_segments(nb::module_& m) {
  nb::class_<BlockCheck>(m, "Blocks", "Checksums of a mapped file, checked before a block's bytes are first used.")
      .def(nb::init<Bytes, Sums>(), "data"_a.noconvert(), "sums"_a.noconvert())
      .def("check", &BlockCheck::check, "at"_a, "length"_a, nb::call_guard<nb::gil_scoped_release>())
      .def("check_all", [](const BlockCheck& self) { self.blocks.check_all(); }, nb::call_guard<nb::gil_scoped_release>())
      .def_prop_ro("whole", [](const BlockCheck& self) { return self.blocks.whole(); });
  nb::class_<Segment>(m, "Segment", "One immutable segment of a Hamming index.")
      .def_static("build", &build, "codes"_a.noconvert(), "ids"_a.noconvert())
      .def_static("map", &map, "blocks"_a, "rows"_a, "bucket_bits"_a, "at"_a)
      .def("without", &without, "dead"_a.noconvert())
      .def("parts", [](nb::handle self) { return parts(self); })
      .def("method_for", &method_for, "query"_a.noconvert(), "radius"_a)
      .def("codes", &plain_codes)
      .def("ids", [](nb::handle self) { return plain_ids(self); })
      .def_prop_ro("bucket_bits", [](const Segment& self) { return self.view.bucket_bits; })
      .def("__len__", [](const Segment& self) { return self.view.rows; });
  m.def("search", &search_all, "segments"_a, "queries"_a, "radius"_a, "threads"_a = 1, "method"_a = "auto",
        nb::sig("def search(segments: Sequence[Segment], queries: Annotated[NDArray[numpy.uint8], dict(shape=(None, 32), order='C', device='cpu', writable=False)], "
                "radius: int, threads: int = 1, method: str = 'auto') -> "
                "tuple[NDArray[numpy.int64], NDArray[numpy.uint64], NDArray[numpy.uint16]]"));
  m.def("plan", &plan, "rows"_a, "radius"_a, "queries"_a = 1);
  m.def("dbscan", &cluster, "codes"_a.noconvert(), "radius"_a, "min_points"_a, "never"_a.noconvert() = nb::none(), "step"_a = nb::none(),
        "Labels of DBSCAN, and each row's neighbours counted up to min_points.");
  m.attr("MAX_ROWS") = kMaxRows;
  m.attr("BLOCK") = kBlock;
}

}  // namespace
}  // namespace tutela

NB_MODULE(_kernel, m) {
  using namespace tutela;
  m.doc() = "Tutela's compiled kernel: PDQ and exact Hamming search.";
  nb::exception<Damaged>(m, "Damaged");
  m.def("path", [] { return std::string(path().name); }, "The CPU path in use.");
  m.def("paths", [] {
    std::vector<std::string> names;
    for (const char* name : paths()) names.emplace_back(name);
    return names;
  }, "The CPU paths that can run here, best first.");
  m.def("use_path", [](const std::string& name) {
    if (!use_path(name.c_str())) throw nb::value_error("no such path on this processor");
  }, "name"_a, "Switch the process to a path (`auto`: the best).");
  m.def("pdq_grey", [](Grey p, int turn, int by, Full full) {
    return hash_one(picture(p.data(), p.shape(0), p.shape(1), false, turn, by, full));
  }, "pixels"_a.noconvert(), "orientation"_a = 1, "reduction"_a = 1, "full"_a = Full{0, 0});
  m.def("pdq_rgb", [](Rgb p, int turn, int by, Full full) {
    return hash_one(picture(p.data(), p.shape(0), p.shape(1), true, turn, by, full));
  }, "pixels"_a.noconvert(), "orientation"_a = 1, "reduction"_a = 1, "full"_a = Full{0, 0});
  m.def("pdq_orientations_grey", [](Grey p, int turn, int by, Full full) {
    return hash_eight(picture(p.data(), p.shape(0), p.shape(1), false, turn, by, full));
  }, "pixels"_a.noconvert(), "orientation"_a = 1, "reduction"_a = 1, "full"_a = Full{0, 0});
  m.def("pdq_orientations_rgb", [](Rgb p, int turn, int by, Full full) {
    return hash_eight(picture(p.data(), p.shape(0), p.shape(1), true, turn, by, full));
  }, "pixels"_a.noconvert(), "orientation"_a = 1, "reduction"_a = 1, "full"_a = Full{0, 0});
  m.def("jpeg_luma", [](nb::bytes data, Full size, int by) {
    const uint8_t* from = static_cast<const uint8_t*>(data.data());
    return luma_of(from, data.size(), size, by);
  }, "data"_a, "size"_a, "reduction"_a = 1, "Luma of an ordinary JPEG, reduced; None if it is not one.");
  m.def("crc32c", [](Bytes data) { return crc32c(data.data(), data.shape(0)); }, "data"_a.noconvert());
  m.def("crc32c_portable", [](Bytes data) { return crc32c_portable(data.data(), data.shape(0)); }, "data"_a.noconvert());
  m.def("block_sums", [](Bytes data) { return give(sums_of(data.data(), data.shape(0))); }, "data"_a.noconvert());
  bind_grids(m);
  bind_segments(m);
}
