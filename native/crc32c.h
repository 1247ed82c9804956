// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78; RFC 3720 appendix B.4), the checksum of every block of an index file.
#pragma once
#include <cstddef>
#include <cstdint>

namespace tutela {

// Continues from `crc` (0 to begin with); uses the processor's instruction where there is one.
uint32_t crc32c(const uint8_t* data, size_t size, uint32_t crc = 0);

// The table-driven form, for processors without the instruction and as the other's test.
uint32_t crc32c_portable(const uint8_t* data, size_t size, uint32_t crc = 0);

}  // namespace tutela
