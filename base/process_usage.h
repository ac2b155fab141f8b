// What a process has used so far, from /proc: 0 when there is no such process. Thread safety: safe.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace reeve {

// Memory that is resident.
int64_t ResidentBytesOf(pid_t pid);

// Of the processors, in user and system mode.
double CpuSecondsOf(pid_t pid);

}  // namespace reeve
