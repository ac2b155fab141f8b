// What a process has used so far, from /proc.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace reeve::bench {

int64_t ResidentBytesOf(pid_t pid);

// User and system.
double CpuSecondsOf(pid_t pid);

}  // namespace reeve::bench
