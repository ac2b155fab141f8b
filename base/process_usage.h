// What a process has used so far, from /proc: 0 when there is no such process; and what this one
// may use. Thread safety: safe.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace reeve {

// Memory that is resident.
int64_t ResidentBytesOf(pid_t pid);

// Of the processors, in user and system mode.
double CpuSecondsOf(pid_t pid);

// Open files, connections among them: from now on as many as the process could have at most.
// Returns how many that is. The limit that a process begins with, 1,024, is for select().
int64_t RaiseOpenFilesLimit();

}  // namespace reeve
