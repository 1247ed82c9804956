// Arrays that enter and leave a call of microseconds: nanobind's own way takes as long as a part of the search.
#pragma once
#include <nanobind/nanobind.h>

#include <cstdint>
#include <cstring>
#include <vector>

#include "segment.h"

namespace tutela {

namespace nb = nanobind;

// The codes of a C-contiguous array of uint8 [n, 32], which stays as it is while this lives.
class HeldCodes {
 public:
  explicit HeldCodes(nb::handle array) {
    if (PyObject_GetBuffer(array.ptr(), &view_, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) != 0) {
      PyErr_Clear();
      refuse();
    }
    if (view_.ndim == 2 && view_.shape[1] == kCodeBytes && view_.format && std::strcmp(view_.format, "B") == 0) return;
    PyBuffer_Release(&view_);
    refuse();
  }
  HeldCodes(const HeldCodes&) = delete;
  HeldCodes& operator=(const HeldCodes&) = delete;
  ~HeldCodes() { PyBuffer_Release(&view_); }
  const uint8_t* data() const { return static_cast<const uint8_t*>(view_.buf); }
  size_t count() const { return static_cast<size_t>(view_.shape[0]); }

 private:
  [[noreturn]] static void refuse() { throw nb::type_error("codes are a C-contiguous array of uint8 [n, 32]"); }
  Py_buffer view_;
};

// One piece of memory and numpy arrays over parts of it, which numpy makes in a fifth of the time that it takes to be handed one.
class SharedArrays {
 public:
  explicit SharedArrays(size_t size) : bytes_(nb::steal(PyByteArray_FromStringAndSize(nullptr, static_cast<Py_ssize_t>(size)))) {
    if (!bytes_.is_valid()) nb::raise_python_error();
  }
  // The next part: `values`, whose numpy type, one for each T, is `type`.  Wider types come first, so that all are aligned.
  template <typename T>
  nb::object next(const std::vector<T>& values, const char* type) {
    static nb::handle array, kind;  // for good; not made by an initialiser, which would hold its lock while it waits for Python's
    if (!kind.is_valid()) {
      const nb::module_ numpy = nb::module_::import_("numpy");
      array = nb::object(numpy.attr("ndarray")).release();
      kind = numpy.attr("dtype")(type).release();
    }
    const size_t begin = at_, size = values.size() * sizeof(T);
    if (size) std::memcpy(PyByteArray_AS_STRING(bytes_.ptr()) + begin, values.data(), size);
    at_ += size;
    return array(values.size(), kind, bytes_, begin);
  }

 private:
  nb::object bytes_;
  size_t at_ = 0;
};

}  // namespace tutela
