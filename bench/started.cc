// SPDX-License-Identifier: Apache-2.0
//
// started FILE PROGRAM [ARGUMENT..]: writes the time into FILE and becomes PROGRAM, which /proc tells to a hundredth of
// a second only: nanoseconds of CLOCK_MONOTONIC, as decimal digits. Linked statically, so that it takes no time itself.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>

int main(int count, char** arguments) {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  if (count < 3) {
    std::fputs("usage: started FILE PROGRAM [ARGUMENT..]\n", stderr);
    return 2;
  }
  const int file = open(arguments[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0 || dprintf(file, "%lld%09ld\n", static_cast<long long>(now.tv_sec), now.tv_nsec) < 0) {
    std::perror(arguments[1]);
    return 3;
  }
  execvp(arguments[2], arguments + 2);
  std::perror(arguments[2]);
  return 3;
}
