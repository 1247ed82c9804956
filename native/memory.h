// Memory for a segment that is built rather than mapped: in huge pages where the system gives them, because a search reads some
// hundreds of places far apart and would miss the TLB at each.  What is smaller than one such page comes from the heap: the system
// bounds how many mappings a process has, and a small segment has no use for a huge page.
#pragma once
#include <cstddef>
#include <cstdint>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace tutela {

class Memory {
 public:
  explicit Memory(size_t size) : size_(size ? size : 1) {
#if defined(__linux__)
    constexpr size_t kHuge = size_t{2} << 20;
    if (size_ < kHuge) {
      data_ = on_heap();
      return;
    }
    mapped_ = (size_ + kHuge - 1) / kHuge * kHuge + kHuge;
    base_ = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base_ == MAP_FAILED) throw std::bad_alloc();
    data_ = reinterpret_cast<uint8_t*>((reinterpret_cast<uintptr_t>(base_) + kHuge - 1) / kHuge * kHuge);
    madvise(data_, size_, MADV_HUGEPAGE);
#else
    data_ = on_heap();
#endif
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() {
#if defined(__linux__)
    if (mapped_) {
      munmap(base_, mapped_);
      return;
    }
#endif
    ::operator delete(data_, kAlign);
  }
  uint8_t* data() { return data_; }
  size_t size() const { return size_; }

 private:
  static constexpr std::align_val_t kAlign{64};
  uint8_t* on_heap() const { return static_cast<uint8_t*>(::operator new(size_, kAlign)); }

  size_t size_;
  uint8_t* data_ = nullptr;
#if defined(__linux__)
  void* base_ = nullptr;
  size_t mapped_ = 0;
#endif
};

}  // namespace tutela
