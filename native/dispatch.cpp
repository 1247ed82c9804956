#include <atomic>
#include <cstdlib>
#include <cstring>

#include "path.h"

namespace tutela {
namespace {

std::vector<const Path*> available() {
  std::vector<const Path*> found;
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi2");
  if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vpopcntdq") &&
      __builtin_cpu_supports("avx512bitalg"))
    found.push_back(&kPathAvx512);
  if (avx2) found.push_back(&kPathAvx2);
#endif
  found.push_back(&kPathPortable);
  return found;
}

const Path* named(const char* name) {
  for (const Path* candidate : available())
    if (std::strcmp(candidate->name, name) == 0) return candidate;
  return nullptr;
}

const Path* first_choice() {
  const char* wanted = std::getenv("TUTELA_KERNEL");
  const Path* chosen = wanted ? named(wanted) : nullptr;
  return chosen ? chosen : available().front();
}

std::atomic<const Path*>& current() {
  static std::atomic<const Path*> chosen{first_choice()};
  return chosen;
}

}  // namespace

const Path& path() { return *current().load(std::memory_order_relaxed); }

std::vector<const char*> paths() {
  std::vector<const char*> names;
  for (const Path* candidate : available()) names.push_back(candidate->name);
  return names;
}

bool use_path(const char* name) {
  const Path* chosen = std::strcmp(name, "auto") == 0 ? available().front() : named(name);
  if (!chosen) return false;
  current().store(chosen, std::memory_order_relaxed);
  return true;
}

}  // namespace tutela
