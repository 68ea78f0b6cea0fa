#include "node/program_pages.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace node {

namespace {

// Of one loaded object: its segments that nobody may write hold nothing but what the file holds.
int give_back_unwritable(dl_phdr_info* object, std::size_t /*size*/, void* /*context*/) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (ElfW(Half) i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const std::uintptr_t begin = object->dlpi_addr + segment.p_vaddr;
    const std::uintptr_t first = (begin + page - 1) / page * page;
    const std::uintptr_t last = (begin + segment.p_memsz) / page * page;
    if (first >= last) continue;
    void* const pages = reinterpret_cast<void*>(first);  // NOLINT(performance-no-int-to-ptr): ELF's
    // Where the system does not do it, the node is only larger.
    static_cast<void>(::madvise(pages, last - first, MADV_DONTNEED));
  }
  return 0;
}

}  // namespace

void give_back_unused_memory() {
  ::malloc_trim(0);
  ::dl_iterate_phdr(give_back_unwritable, nullptr);
}

}  // namespace node
